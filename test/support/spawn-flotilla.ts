import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface SpawnFlotillaOptions {
  args: readonly string[];
  /** Working directory: where `.flotilla/` and the answers end up. */
  cwd: string;
  env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed. */
  input?: Uint8Array;
  /** When it is ended if it stands still; default 10 minutes. */
  lifeMaxMs?: number;
}

export interface Ended {
  /** Null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A real `flotilla` process. */
export interface SpawnedFlotilla {
  pid: number;
  /** Resolves when it has ended and all it wrote was read. */
  ended: Promise<Ended>;
  hasEnded(): boolean;
  /** What it wrote so far. */
  written(): { stdout: string; stderr: string };
  /** @returns false when it had ended before */
  signal(name: NodeJS.Signals): boolean;
}

/** A command that stands still is ended after so long: what waits for it then says so, and no test run hangs for ever. */
const lifeMaxMsDefault = 600_000;

const program = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

/** What is configured outside of a test must not reach into it, least of all a real key. */
const foreignVariables = /^(ANTHROPIC_|FLOTILLA_|CRASH_|FREEZE_|NODE_TEST_CONTEXT$)/;

/** Starts the command line as a user would, in a process that does not outlive this one, however this one ends. */
export function spawnFlotilla(options: SpawnFlotillaOptions): SpawnedFlotilla {
  const { args, cwd, env = {}, input, lifeMaxMs = lifeMaxMsDefault } = options;
  const inherited = Object.entries(process.env).filter(([name]) => !foreignVariables.test(name));
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    // As under its launcher: the end of the fourth channel tells it that this process is gone.
    env: { ...Object.fromEntries(inherited), FLOTILLA_LAUNCHER_FD: '3', ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    timeout: lifeMaxMs,
    killSignal: 'SIGKILL',
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  child.stdin.on('error', () => {}); // it may end before it has read everything
  child.stdin.end(input);
  let hasEnded = false;
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    hasEnded = true;
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...texts };
  });
  return {
    pid: child.pid as number,
    ended,
    hasEnded: () => hasEnded,
    written: () => ({ ...texts }),
    signal: name => child.kill(name),
  };
}

/** Runs a command to its end. */
export const runFlotilla = (options: SpawnFlotillaOptions): Promise<Ended> => spawnFlotilla(options).ended;
