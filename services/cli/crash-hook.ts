import type { CrashHook } from '#runtime/crash-points.ts';

/**
 * `CRASH_AT=label:visit` kills this process, as `kill -9` does, at a crash point: for the tests of the promise.
 * @returns null unless the variable is set
 */
export function crashHookFrom(env: Readonly<Record<string, string | undefined>>): CrashHook | null {
  const match = /^(.+):(\d+)$/.exec(env.CRASH_AT ?? '');
  if (!match) return null;
  const [, label, visit] = match;
  let visits = 0;
  return passed => {
    if (passed !== label) return;
    visits += 1;
    if (visits === Number(visit)) process.kill(process.pid, 'SIGKILL');
  };
}
