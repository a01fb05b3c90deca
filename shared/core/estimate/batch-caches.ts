import type { SealedRecord } from '../journal.ts';

/** Whether the planner looked at a batch; `unknown`: it has no plan, and its cache may have been off. */
export type BatchCache = 'on' | 'held-back' | 'unknown';

/**
 * By batch key. A planner that is on has nothing to say of some batches, and of a cache that is off SEALED says nothing
 * either: so one without a plan counts as on between two of its recipe that have one, and beside one of its own run. So what
 * is bought once a cache is set off teaches nothing; should it be set on again, nothing tells that it was off in between.
 * @param records in the order of the journal
 */
export function batchCaches(records: readonly SealedRecord[]): ReadonlyMap<string, BatchCache> {
  const found = new Map<string, BatchCache>();
  for (const sealed of Map.groupBy(records, ({ recipe }) => recipe).values()) {
    const before = latestPlans(sealed);
    const after = latestPlans(sealed.toReversed()).reverse();
    for (const [index, batch] of sealed.entries()) {
      const cache = cacheOf(batch, [before[index] ?? null, after[index] ?? null]);
      if (!found.has(batch.bk)) found.set(batch.bk, cache); // the first SEALED of a key counts
    }
  }
  return found;
}

function cacheOf(batch: SealedRecord, nearest: readonly (SealedRecord | null)[]): BatchCache {
  if (batch.plan?.use === 'held-back') return 'held-back';
  if (batch.plan) return isOn(batch) ? 'on' : 'unknown';
  const isBetween = nearest.every(isOn);
  return isBetween || nearest.some(other => isOn(other) && isOfOneRun(batch, other)) ? 'on' : 'unknown';
}

/** What a shadow only tells was not done. */
const isOn = (batch: SealedRecord | null): batch is SealedRecord =>
  batch?.plan !== undefined && batch.plan.use !== 'shadow';

const isOfOneRun = ({ runs }: SealedRecord, other: SealedRecord): boolean => runs.some(run => other.runs.includes(run));

/** For each, itself or the nearest before it that has a plan. */
function latestPlans(sealed: readonly SealedRecord[]): (SealedRecord | null)[] {
  let latest: SealedRecord | null = null;
  return sealed.map(batch => {
    if (batch.plan) latest = batch;
    return latest;
  });
}
