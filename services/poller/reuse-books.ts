import type { ReuseState } from '#core/answer-cache/reused-answer.ts';
import { formatRid } from '#core/rid.ts';
import type { Settlement } from '#core/settle/settle-batch.ts';
import type { SettledRecord } from '#core/settled.ts';
import type { Batch, Item, View } from '#core/view.ts';
import type { AnswerCounts, AnswerEntry } from '#ports/answer-store.ts';

/** Where the answers that a settle has bought stand: only successes, which are all that have a key. */
export const keepAnswers = (
  { terminals }: Pick<Settlement, 'terminals'>,
  place: { partition: number; from: number },
): AnswerEntry[] =>
  terminals.flatMap(({ rid, requestKey: key }) => (key === undefined ? [] : { key, place: { rid, ...place } }));

/**
 * What the answers given again would have cost as batch items, and how long they took.
 * @param options.now ms since the epoch
 */
export function countReused(
  { items, sealedAt }: Batch,
  { terminals, stateOf, now }: Pick<Settlement, 'terminals'> & { stateOf: (item: Item) => ReuseState; now: number },
): Partial<AnswerCounts> {
  const given = new Set(terminals.flatMap(({ rid, reusedFrom }) => (reusedFrom ? formatRid(rid) : [])));
  let savedCost = 0;
  for (const item of items) {
    const state = given.has(formatRid(item)) ? stateOf(item) : null;
    if (state?.is === 'answered') savedCost += state.answer.cost?.billed ?? 0;
  }
  return { saved: given.size, savedCost, savedWaitMs: given.size * (now - sealedAt) };
}

/** Batches with an item that waited for one of the documents that have their terminal record now. */
export function waitingFor(view: View, { done, dead }: Pick<SettledRecord, 'done' | 'dead'>): string[] {
  const ended = new Set([...done, ...dead].map(([partition, offset]) => formatRid({ partition, offset })));
  const waiting: string[] = [];
  for (const { bk, kind, settled, items } of view.batches.values()) {
    if (kind !== 'reuse' || settled) continue;
    if (items.some(({ of }) => of !== null && ended.has(formatRid(of)))) waiting.push(bk);
  }
  return waiting;
}
