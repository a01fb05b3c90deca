import type { FaultInjector } from '../faults/fault-injector.ts';
import type { SimulatorStore } from '../store/simulator-store.ts';
import type { BatchRecord, EndCounts } from './batch-record.ts';
import { endOf, itemFate, itemStart } from './batch-timing.ts';
import { executeItem, unexecutedLine } from './execute-item.ts';
import type { InvoiceRow } from './invoice.ts';
import type { CacheUsage } from './prompt-cache.ts';
import { drawSequence, drawUnit, shuffled } from './seeded-random.ts';
import type { BatchItem } from './validate-envelope.ts';

export interface SettleOptions {
  record: BatchRecord;
  store: SimulatorStore;
  faults: FaultInjector;
  seed: number;
  cacheUsages: ReadonlyMap<number, CacheUsage>;
}

const hugeLineByDefaultBytes = 10_000_000;

/**
 * Executes a batch that has ended: result lines in drawn order and invoice rows go to the store, chunk by chunk, inside
 * the caller's commit. From then on they are read, never computed again.
 *
 * @returns the ended record; the caller saves it in the same commit.
 */
export function settleBatch(options: SettleOptions): BatchRecord {
  const { record, store, seed } = options;
  const counts: EndCounts = { succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  const lost = drawLostIndexes(options);
  const hugeLine = drawHugeLine(options);
  let customIdOfHuge: string | null = null;
  let lineCount = 0;
  let first = 0;
  let chunk = 0;
  for (const items of store.items(record.seq)) {
    const { lines, bills } = settleChunk(options, { items, first, counts, lost });
    if (hugeLine && hugeLine.index >= first && hugeLine.index < first + items.length) {
      customIdOfHuge = items[hugeLine.index - first]?.customId ?? null;
    }
    store.addInvoiceRows(bills);
    store.addResults(record.seq, chunk, shuffled(lines, drawSequence(seed, 'shuffle', record.seq, chunk)));
    lineCount += lines.length;
    first += items.length;
    chunk += 1;
  }
  store.dropItems(record.seq);
  return {
    ...record,
    endedAt: Math.round(endOf(record)),
    counts,
    lineCount,
    hugeLine: hugeLine && customIdOfHuge ? { customId: customIdOfHuge, bytes: hugeLine.bytes } : null,
  };
}

interface Chunk {
  items: readonly BatchItem[];
  /** Index in the batch of the chunk's first item. */
  first: number;
  counts: EndCounts;
  lost: ReadonlySet<number>;
}

function settleChunk({ record, seed, faults, cacheUsages }: SettleOptions, { items, first, counts, lost }: Chunk) {
  const lines: string[] = [];
  const bills: Omit<InvoiceRow, 'number'>[] = [];
  for (const [offset, item] of items.entries()) {
    const index = first + offset;
    const startsAt = itemStart(record, index, seed);
    const fate = itemFate(record, startsAt);
    let line: string;
    if (fate === 'executed') {
      const executed = executeItem({ record, item, index, startsAt, seed, faults, cacheUsage: cacheUsages.get(index) });
      counts[executed.isSucceeded ? 'succeeded' : 'errored'] += 1;
      if (executed.bill) bills.push(executed.bill);
      line = executed.line;
    } else {
      counts[fate] += 1;
      line = unexecutedLine(item.customId, fate);
    }
    if (!lost.has(index)) lines.push(line);
  }
  return { lines, bills };
}

function drawLostIndexes({ record, faults, seed }: SettleOptions): ReadonlySet<number> {
  const rule = record.isForeign ? null : faults.fires('results-lose-lines', record.seq);
  const lost = new Set<number>();
  if (!rule) return lost;
  const count = Math.min(rule.lines ?? 1, record.itemCount);
  const from = Math.floor(drawUnit(seed, 'lost', record.seq) * record.itemCount);
  for (let step = 0; step < count; step += 1) lost.add((from + step) % record.itemCount);
  return lost;
}

function drawHugeLine({ record, faults, seed }: SettleOptions): { index: number; bytes: number } | null {
  const rule = record.isForeign ? null : faults.fires('results-huge-line', record.seq);
  if (!rule) return null;
  const index = Math.floor(drawUnit(seed, 'huge', record.seq) * record.itemCount);
  return { index, bytes: rule.bytes ?? hugeLineByDefaultBytes };
}
