import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { leanEnvironment, leanFlag } from '#services/cli/lean-process.ts';

export interface FleetProcessOptions {
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** What it writes goes to the end of this file: after a violation it is the evidence. */
  logPath: string;
  /** Out of the reach of a Ctrl-C in the terminal of this one, which ends it in its own order. */
  isDetached?: boolean;
}

/** How it ended: with a code, or by a signal. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A `flotilla` process that may run for hours and does not outlive this one, however this one ends. */
export interface FleetProcess {
  pid: number;
  ended: Promise<ProcessEnd>;
  hasEnded(): boolean;
  /** @returns false when it had ended before */
  signal(name: NodeJS.Signals): boolean;
}

const program = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

/** What is configured outside must not reach into it, least of all a real key. */
const foreignVariables = /^(ANTHROPIC_|FLOTILLA_|CRASH_|FREEZE_|NODE_TEST_CONTEXT$)/;

/** Variables of ours for every process of a fleet, without what is configured outside. */
export function cleanEnvironment(own: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !foreignVariables.test(name));
  return { ...Object.fromEntries(inherited), ...own };
}

export function startFleetProcess(options: FleetProcessOptions): FleetProcess {
  const { args, cwd, env, logPath, isDetached = false } = options;
  const log = openSync(logPath, 'a');
  const isWorker = args[0] === 'worker';
  const child = spawn(process.execPath, [...(isWorker ? [leanFlag] : []), program, ...args], {
    cwd,
    // As under its launcher: the end of the fourth channel tells it that this process is gone.
    env: cleanEnvironment({ FLOTILLA_LAUNCHER_FD: '3', ...(isWorker ? leanEnvironment : {}), ...env }),
    stdio: ['ignore', log, log, 'pipe'],
    detached: isDetached,
  });
  closeSync(log);
  let hasEnded = false;
  const ended = once(child, 'close').then(([code, signal]): ProcessEnd => {
    hasEnded = true;
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    pid: child.pid as number,
    ended,
    hasEnded: () => hasEnded,
    signal: name => child.kill(name),
  };
}

/** True when a process was stopped by a signal and not continued since. Linux only: it reads /proc. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold anything; the state is the field after it.
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'T';
  } catch {
    return false;
  }
}
