import { decodeJournal } from '#contracts/journal-codec.ts';
import { accountMoney } from '#core/caps/cap-scopes.ts';
import { type BatchCache, batchCaches } from '#core/estimate/batch-caches.ts';
import type { SealedRecord, Stamped } from '#core/journal.ts';
import type { Nanodollars } from '#core/money.ts';
import { marksSent } from '#core/prompt-cache/cache-plan.ts';
import { PrimeCosts } from '#core/prompt-cache/prime-costs.ts';
import type { Log } from '#ports/log.ts';
import { readRange } from './read-range.ts';

/** So far back the journal is read for them, in so many steps. */
const recordsMax = 20_000;
const recordsPerStep = 1_000;

/** What the journal says of a batch whose answers are learned from. */
export interface BoughtBatch {
  /** Hash of its recipe. */
  recipe: string;
  cache: BatchCache;
  /** Nanodollars: each item's part of the calls that wrote its entries ahead. */
  primes: Nanodollars;
}

/** Those of these batches that were sealed lately. */
export async function boughtBatches(log: Log, bks: ReadonlySet<string>): Promise<ReadonlyMap<string, BoughtBatch>> {
  const records = await newestRecords(log, bks);
  const sealed = records.filter(record => record.kind === 'SEALED');
  const caches = batchCaches(sealed);
  const shares = primesOfItems(records);
  const found = new Map<string, BoughtBatch>();
  for (const batch of sealed) {
    const { bk, recipe } = batch;
    if (!bks.has(bk) || found.has(bk)) continue;
    const primes = entriesOf(batch).reduce((sum, entry) => sum + (shares.get(entry) ?? 0), 0);
    found.set(bk, { recipe, cache: caches.get(bk) ?? 'unknown', primes });
  }
  return found;
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

/**
 * Nanodollars by entry. The cost of a prime is shared by all items that were sealed behind its entry: several batches read
 * what was written once, and nothing says for which of them it was.
 */
function primesOfItems(records: readonly Stamped[]): ReadonlyMap<string, Nanodollars> {
  const costs = new PrimeCosts();
  const items = new Map<string, number>();
  for (const record of records) {
    costs.add(record);
    if (record.kind !== 'SEALED') continue;
    for (const entry of entriesOf(record)) items.set(entry, (items.get(entry) ?? 0) + record.items.length);
  }
  const shares = new Map<string, Nanodollars>();
  for (const { account, prefix, amounts } of costs.all.values()) {
    const entry = entryOf(account, prefix);
    const share = (amounts[accountMoney(account)] ?? 0) / Math.max(1, items.get(entry) ?? 0);
    shares.set(entry, (shares.get(entry) ?? 0) + share);
  }
  return shares;
}

const entriesOf = ({ account, plan }: SealedRecord): string[] =>
  marksSent(plan).map(({ hash }) => entryOf(account, hash));

const entryOf = (account: string, hash: string): string => `${hash} ${account}`;
