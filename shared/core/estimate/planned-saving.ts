import type { Money } from '../money.ts';
import type { CachePlanReason } from '../prompt-cache/plan-cache.ts';

/** What the planner expects its markers to take off, before any answer has told. */
export interface PlannedSaving {
  /** Their primes paid. */
  saving: Money;
  /** Standard deviation of it: how providers serve differs, and it is the same for all batches. */
  doubt: Money;
  /** Share of the items, 0 to 1, that is expected to read the longest marked prefix; null when nothing is marked. */
  hitRate: number | null;
  /** An entry that is there now will be read: nothing begins with a prime, or with items that write. */
  isWarm: boolean;
}

export const noSaving: PlannedSaving = { saving: 0, doubt: 0, hitRate: null, isWarm: false };

/** Of one batch, from what the planner says of it. */
export function plannedSaving(why: readonly CachePlanReason[]): PlannedSaving {
  let sum = noSaving;
  for (const found of why) {
    if (found.is !== 'marked') continue;
    const { saving, savingLow, hitRate, state } = found;
    const { mean, low, spread } = hitRate;
    const doubt = mean > low ? ((saving - savingLow) * spread) / (mean - low) : 0;
    const isWarm = state === 'warm' && (sum.hitRate === null || sum.isWarm);
    sum = { saving: sum.saving + saving, doubt: sum.doubt + doubt, hitRate: mean, isWarm };
  }
  return sum;
}

export const timesSaving = (one: PlannedSaving, times: number): PlannedSaving => ({
  ...one,
  saving: one.saving * times,
  doubt: one.doubt * times,
});
