import { headerNames } from '#core/headers.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import type { AnswerPlace } from '#ports/answer-store.ts';
import type { Log, LogRecord } from '#ports/log.ts';

/** A settle writes at most so many results, and what other shards write at the same time may lie between. */
const recordsFromPlaceMax = 4_000;
const recordsPerRead = 1_000;
/** Transactions that were given up leave gaps of offsets; what is longer is the part that is no longer kept. */
const emptyWindowsMax = 20;
/** Clocks of brokers may differ. */
const skewMs = 120_000;

/** The results that stand where they were said to; by `formatRid`. What is not there is left out. */
export async function readResultsAt(log: Log, places: readonly AnswerPlace[]): Promise<Map<string, LogRecord>> {
  const found = new Found(places.map(({ rid }) => rid));
  for (const [partition, group] of Map.groupBy(places, place => place.partition)) {
    for (const { rid, from } of group.toSorted((a, b) => a.from - b.from)) {
      if (!found.records.has(formatRid(rid))) await readFrom(log, { rid, partition, from }, found);
    }
  }
  return found.records;
}

/** Reads on until the one that is looked for, and keeps what else is wanted of what lies on the way. */
async function readFrom(log: Log, { rid, partition, from }: AnswerPlace, found: Found): Promise<void> {
  for (let next = from; next < from + recordsFromPlaceMax; ) {
    const query = { topic: 'results', partition, from: next, recordsMax: recordsPerRead } as const;
    const { records, nextOffset, isAtEnd } = await log.read(query);
    found.take(records);
    if (found.records.has(formatRid(rid)) || isAtEnd || nextOffset <= next) return;
    next = nextOffset;
  }
}

/**
 * The results of records of which it is only known that they have one: backwards from the end of the topic, no further than
 * to the time of the document itself. Rare, for what remembers places was lost then.
 *
 * @returns null when something at the end cannot be read yet: ask again
 */
export async function searchResults(
  log: Log,
  wanted: readonly (Rid & { at: number })[],
): Promise<Map<string, LogRecord> | null> {
  const found = new Found(wanted);
  const since = Math.min(...wanted.map(({ at }) => at)) - skewMs;
  for (let partition = 0; partition < log.partitions('results') && !found.isComplete; partition++) {
    if (!(await searchPartition(log, { partition, since }, found))) return null;
  }
  return found.records;
}

/** @returns false when something at the end cannot be read yet */
async function searchPartition(
  log: Log,
  { partition, since }: { partition: number; since: number },
  found: Found,
): Promise<boolean> {
  let empty = 0;
  let to = await log.endOffset('results', partition);
  while (to > 0 && !found.isComplete && empty < emptyWindowsMax) {
    const from = Math.max(0, to - recordsPerRead);
    const window = await readWindow(log, { partition, from, to });
    if (!window) return false;
    found.take(window);
    const [oldest] = window;
    if (oldest && oldest.at < since) break;
    empty = oldest ? 0 : empty + 1;
    to = from;
  }
  return true;
}

async function readWindow(
  log: Log,
  { partition, from, to }: { partition: number; from: number; to: number },
): Promise<LogRecord[] | null> {
  const window: LogRecord[] = [];
  for (let next = from; next < to; ) {
    const query = { topic: 'results', partition, from: next, recordsMax: recordsPerRead } as const;
    const { records, nextOffset } = await log.read(query);
    window.push(...records.filter(({ offset }) => offset < to));
    if (nextOffset <= next) return null;
    next = nextOffset;
  }
  return window;
}

/** What is wanted of what was read; the rest is not held. Two copies of a result are the same (protocol §1). */
class Found {
  readonly records = new Map<string, LogRecord>();
  readonly #wanted: ReadonlySet<string>;

  constructor(rids: readonly Rid[]) {
    this.#wanted = new Set(rids.map(formatRid));
  }

  get isComplete(): boolean {
    return this.records.size === this.#wanted.size;
  }

  take(records: readonly LogRecord[]): void {
    for (const record of records) {
      const rid = record.headers[headerNames.rid];
      if (rid !== undefined && this.#wanted.has(rid)) this.records.set(rid, record);
    }
  }
}
