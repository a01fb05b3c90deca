import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#ports/clock.ts';

export interface ManualClock extends Clock {
  /**
   * Lets time pass: wakes each sleeper when its time has come, in order, and lets it act before the next one. Sleeps it
   * begins on waking count too.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock forward or back; no time passes. */
  jump(ms: number): void;
  /** How many are asleep. */
  sleepers(): number;
}

interface Sleeper {
  dueAt: number;
  wake(): void;
}

/** A clock that stands still until a test moves it. @param startAt of the wall clock, ms since the epoch */
export function createManualClock(startAt = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsedMs = 0;
  let wallAt = startAt;
  const asleep = new Set<Sleeper>();

  const nextDue = (until: number): Sleeper | null => {
    let next: Sleeper | null = null;
    for (const sleeper of asleep) {
      if (sleeper.dueAt <= until && (next === null || sleeper.dueAt < next.dueAt)) next = sleeper;
    }
    return next;
  };
  const moveTo = (at: number): void => {
    wallAt += at - elapsedMs;
    elapsedMs = at;
  };

  return {
    now: () => wallAt,
    monotonic: () => elapsedMs,
    sleep(ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (signal?.aborted || ms <= 0) resolve();
      else {
        const wake = (): void => {
          asleep.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { dueAt: elapsedMs + ms, wake };
        asleep.add(sleeper);
        signal?.addEventListener('abort', wake);
      }
      return promise;
    },
    async advance(ms) {
      const until = elapsedMs + ms;
      await nextTurn();
      for (let sleeper = nextDue(until); sleeper !== null; sleeper = nextDue(until)) {
        moveTo(Math.max(elapsedMs, sleeper.dueAt));
        sleeper.wake();
        await nextTurn();
      }
      moveTo(until);
    },
    jump(ms) {
      wallAt += ms;
    },
    sleepers: () => asleep.size,
  };
}
