import { headerNames } from '#core/headers.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import type { AnswerPlace } from '#ports/answer-store.ts';
import type { Log, LogRecord } from '#ports/log.ts';

/** A settle writes at most so many results, and what other shards write at the same time may lie between. */
const recordsFromPlaceMax = 4_000;
const recordsPerRead = 1_000;
/** Clocks of brokers may differ. */
const skewMs = 120_000;

/** The results that stand where they were said to; by `formatRid`. What is not there is left out. */
export async function readResultsAt(log: Log, places: readonly AnswerPlace[]): Promise<Map<string, LogRecord>> {
  const found = new Map<string, LogRecord>();
  for (const [partition, group] of Map.groupBy(places, place => place.partition)) {
    for (const place of group.toSorted((a, b) => a.from - b.from)) {
      if (!found.has(formatRid(place.rid))) await readFrom(log, { ...place, partition }, found);
    }
  }
  return found;
}

/** Reads on until the one that is looked for, and keeps what lies on the way: others may look for it. */
async function readFrom(log: Log, { rid, partition, from }: AnswerPlace, found: Map<string, LogRecord>): Promise<void> {
  const wanted = formatRid(rid);
  for (let next = from; next < from + recordsFromPlaceMax; ) {
    const query = { topic: 'results', partition, from: next, recordsMax: recordsPerRead } as const;
    const { records, nextOffset, isAtEnd } = await log.read(query);
    keepFirst(found, records);
    if (found.has(wanted) || isAtEnd || nextOffset <= next) return;
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
  const found = new Map<string, LogRecord>();
  if (wanted.length === 0) return found;
  const since = Math.min(...wanted.map(({ at }) => at)) - skewMs;
  const isComplete = (): boolean => wanted.every(rid => found.has(formatRid(rid)));
  for (let partition = 0; partition < log.partitions('results') && !isComplete(); partition++) {
    let to = await log.endOffset('results', partition);
    while (to > 0 && !isComplete()) {
      const from = Math.max(0, to - recordsPerRead);
      const window = await readWindow(log, { partition, from, to });
      if (!window) return null;
      keepFirst(found, window);
      const [oldest] = window;
      if (oldest && oldest.at < since) break;
      to = from;
    }
  }
  return found;
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

/** Of two copies the first counts (protocol §1); a window that is read later lies before. */
function keepFirst(found: Map<string, LogRecord>, records: readonly LogRecord[]): void {
  for (const record of records.toReversed()) {
    const rid = record.headers[headerNames.rid];
    if (rid !== undefined) found.set(rid, record);
  }
}
