import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';

/** Whatever may be well again later: a process that starts before its servers must not be started over and over. */
const laterCodes: ReadonlySet<string> = new Set(['log-unavailable', 'queue-unavailable']);
const patienceMs = 120_000;
const pauseMsMin = 500;
const pauseMsMax = 5_000;

/**
 * Opens something that may not be reachable yet, again and again, within bounds.
 * @returns null when `signal` was aborted first
 * @throws whatever `open` threw, at once when waiting helps nobody
 */
export async function openWithPatience<T>(
  open: () => Promise<T>,
  { clock, signal, onTrouble }: { clock: Clock; signal: AbortSignal; onTrouble: (why: string) => void },
): Promise<T | null> {
  const giveUpOn = clock.monotonic() + patienceMs;
  for (let pauseMs = pauseMsMin; !signal.aborted; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
    try {
      return await open();
    } catch (error) {
      const isLater = error instanceof FlotillaError && laterCodes.has(error.code);
      if (!isLater || clock.monotonic() + pauseMs > giveUpOn) throw error;
      onTrouble(`${error.where ?? ''}: ${error.message}`);
      await clock.sleep(pauseMs, signal);
    }
  }
  return null;
}
