import { decodeJournal } from '#contracts/journal-codec.ts';
import { type BatchCache, batchCaches } from '#core/estimate/batch-caches.ts';
import type { Stamped } from '#core/journal.ts';
import type { Money } from '#core/money.ts';
import type { CachePlan } from '#core/prompt-cache/cache-plan.ts';
import type { Log } from '#ports/log.ts';
import { CacheRuns } from './cache-runs.ts';
import { readRange } from './read-range.ts';

/** So far back the journal is read for them, in so many steps. */
const recordsMax = 20_000;
const recordsPerStep = 1_000;

/** What the journal says of a batch whose answers are learned from. */
export interface BoughtBatch {
  /** Hash of its recipe. */
  recipe: string;
  cache: BatchCache;
  /** Of its run and recipe: what its items read, somebody wrote for them. */
  isFirst: boolean;
  /** Each item's part of the calls that wrote its batch's entries ahead. */
  primes: Money;
  /** What it was sealed with, and when, ms since the epoch. */
  sealed: { plan: CachePlan | null; at: number; items: number };
}

/** Those of these batches that were sealed lately. */
export async function boughtBatches(log: Log, bks: ReadonlySet<string>): Promise<ReadonlyMap<string, BoughtBatch>> {
  const records = await newestRecords(log, bks);
  const caches = batchCaches(records.filter(record => record.kind === 'SEALED'));
  const runs = new CacheRuns();
  const found = new Map<string, Omit<BoughtBatch, 'primes'>>();
  for (const record of records) {
    if (record.kind !== 'SEALED') {
      runs.prime(record);
      continue;
    }
    const { bk, recipe, plan = null, items, at } = record;
    const cache = caches.get(bk) ?? 'unknown';
    const isFirst = cache !== 'held-back' && runs.sealed(record);
    const sealed = { plan, at, items: items.length };
    if (bks.has(bk) && !found.has(bk)) found.set(bk, { recipe, cache, isFirst, sealed });
  }
  return new Map(
    [...found].map(([bk, batch]) => [bk, { ...batch, primes: runs.primesOf(bk) / Math.max(1, batch.sealed.items) }]),
  );
}

/** In their order, from before the oldest of these batches on. */
async function newestRecords(log: Log, bks: ReadonlySet<string>): Promise<Stamped[]> {
  const end = await log.endOffset('journal', 0);
  const missing = new Set(bks);
  let newest: Stamped[] = [];
  for (let to = end; to > Math.max(0, end - recordsMax) && missing.size > 0; to -= recordsPerStep) {
    const range = { partition: 0, from: Math.max(0, to - recordsPerStep), to };
    const step: Stamped[] = [];
    for await (const { value, at } of readRange(log, 'journal', range)) {
      const record = decodeJournal(value, at);
      if (record.kind !== 'SEALED' && record.kind !== 'PRIME' && record.kind !== 'PRIMED') continue;
      if (record.kind === 'SEALED') missing.delete(record.bk);
      step.push(record);
    }
    newest = [...step, ...newest];
  }
  return newest;
}
