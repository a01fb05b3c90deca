import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** A server's process that does not outlive this one, however this one ends. */
export interface GuardedProcess {
  pid: number;
  hasEnded(): boolean;
  /** Resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** @param logPath where both of its outputs go */
export function startGuarded(program: string, args: readonly string[], logPath: string): GuardedProcess {
  // A Ctrl-C in our terminal is for us: servers are ended after those that use them.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const log = createWriteStream(logPath, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const guard = startGuard(child);
  const closed = once(child, 'close').finally(() => {
    guard.kill('SIGKILL');
    log.end();
  });
  closed.catch(() => {}); // told by whoever waits for the server to answer
  return {
    pid: child.pid ?? 0,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async kill(signal) {
      child.kill(signal);
      await closed;
    },
  };
}

/** Kills the process once the pipe to us breaks: a test that is killed itself can run nothing at its end. */
function startGuard({ pid }: ChildProcess): ChildProcess {
  const guard = spawn('sh', ['-c', `cat >/dev/null; kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as { unref?: () => void }).unref?.();
  return guard;
}
