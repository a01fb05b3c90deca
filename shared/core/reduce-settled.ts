import { claimKey } from './rid.ts';
import type { SettledRecord } from './settled.ts';
import { hashesOf, isSettled, retire, type View } from './view.ts';

/** The part of SETTLED that the view keeps. */
export type SettledFacts = Pick<SettledRecord, 'bk' | 'retry' | 'actual' | 'cache'>;

/**
 * Folds a SETTLED into the view: the first per batch counts. It may be read before the SEALED it belongs to, because the
 * two stand in different topics; then it waits for it.
 */
export function reduceSettled(view: View, { bk, retry, actual, cache = [] }: SettledFacts): void {
  if (isSettled(view, bk)) return;
  for (const lesson of cache) view.lessons.learn(lesson);
  const batch = view.batches.get(bk);
  if (!batch) {
    view.settledAhead.set(bk, { retry, actual });
    return;
  }
  batch.settled = { actual };
  view.lessons.close(bk, hashesOf(batch));
  for (const row of retry) {
    const claim = { partition: row.p, offset: row.o, att: row.att };
    if (!view.claims.has(claim)) view.retries.set(claimKey(claim), row);
  }
  retire(view, batch);
}
