import type { Clock } from '#ports/clock.ts';
import type { TimeOwner } from './virtual-time.ts';
import { epoch, type World } from './world.ts';

/** One incarnation of one worker: what dies with a kill. */
export interface Life extends TimeOwner {
  readonly worker: number;
  readonly incarnation: number;
  /** Its wall clock against the true one. */
  readonly clockOffsetMs: number;
  /** For how long its monotonic clock stood still: the whole machine slept. */
  suspendedMs: number;
  /** When it was last heard of. */
  beatAt: number;
  readonly workspace: string;
  /** Null: the product's own bound. */
  readonly listPagesMax: number | null;
}

export function createLifeClock(world: World, life: Life): Clock {
  const { time } = world;
  return {
    now: () => epoch + time.now + life.clockOffsetMs,
    monotonic: () => time.now - life.suspendedMs,
    sleep: (ms, signal) => time.sleep(ms, { signal, owner: life }),
  };
}
