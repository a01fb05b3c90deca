import { appendFileSync } from 'node:fs';
import type { CrashHook } from '#runtime/crash-points.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Stop {
  label: string;
  visit: number;
  signal: 'SIGKILL' | 'SIGSTOP';
}

/**
 * For the tests of the promise, from three variables:
 *
 * - `CRASH_AT=label:visit` kills this process at a crash point, as `kill -9` does;
 * - `FREEZE_AT=label:visit` stops it there until somebody sends SIGCONT;
 * - `CRASH_POINTS_FILE` names a file to which every crash point passed is appended, as `label:visit`, at the visits
 *   1, 2, 4, 8 and so on.
 *
 * @returns null when none of them is set: then no call is wrapped
 */
export function crashHookFrom(env: Environment): CrashHook | null {
  const stops = [stopAt(env.CRASH_AT, 'SIGKILL'), stopAt(env.FREEZE_AT, 'SIGSTOP')].filter(stop => stop !== null);
  const file = env.CRASH_POINTS_FILE;
  if (stops.length === 0 && !file) return null;
  const visits = new Map<string, number>();
  return label => {
    const visit = (visits.get(label) ?? 0) + 1;
    visits.set(label, visit);
    // Written before the process stops here: a test that waits for a freeze waits for this line.
    const stop = stops.find(found => found.label === label && found.visit === visit);
    if (file && (stop || isPowerOfTwo(visit))) appendFileSync(file, `${label}:${visit}\n`);
    if (stop) process.kill(process.pid, stop.signal);
  };
}

function stopAt(text: string | undefined, signal: Stop['signal']): Stop | null {
  const match = /^(.+):(\d+)$/.exec(text ?? '');
  return match ? { label: match[1] as string, visit: Number(match[2]), signal } : null;
}

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;
