import { laneAgeMsDefault } from '#core/limits.ts';
import type { RunSnapshot } from './run-snapshot.ts';

/** So long nothing else has to happen before what is parked counts as all that is left. */
const stillMs = 3_000;
/** What the lanes of another process hold is not seen from here: longer than a lane waits. */
const stillElsewhereMs = laneAgeMsDefault + 10_000;

/**
 * Tells when all that is left of a run waits for room under a cap. Mostly that is counted; but a run with more documents
 * than may be sealed at once is not read further while its batches are parked, so stillness tells it too.
 */
export class ParkedWatch {
  #stillSince: number | null = null;
  #answered = -1;

  /** @returns true when nothing but a higher cap gets the run on */
  isOnlyParkedLeft(snapshot: RunSnapshot): boolean {
    const { parked, total, isComplete, answered, inLanes, atProvider, creating, elapsedMs, role } = snapshot;
    const answeredCount = answered.succeeded + answered.dead;
    const atWork = inLanes + atProvider.items + creating.batches + snapshot.retrying;
    // A reserve that is about to come back may be the room that is waited for.
    const isUnderWay = atWork + snapshot.releasing > 0;
    const isStill = parked !== null && !isUnderWay;
    if (!isStill || !isComplete || total === null || answeredCount !== this.#answered) {
      this.#answered = answeredCount;
      this.#stillSince = null;
      return isStill && isComplete && total !== null && parked.count >= total - answeredCount;
    }
    this.#stillSince ??= elapsedMs;
    return (
      parked.count >= total - answeredCount ||
      elapsedMs - this.#stillSince >= (role === 'engine' ? stillMs : stillElsewhereMs)
    );
  }
}
