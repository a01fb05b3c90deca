import type { Log, LogRecord, Topic } from '#ports/log.ts';

const recordsPerRead = 1_000;

/** The records of one partition from an offset on, to its end or before another offset. */
export async function* readRange(
  log: Log,
  topic: Topic,
  { partition, from, to = Number.POSITIVE_INFINITY }: { partition: number; from: number; to?: number },
): AsyncGenerator<LogRecord> {
  for (let next = from; next < to; ) {
    const { records, nextOffset, isAtEnd } = await log.read({
      topic,
      partition,
      from: next,
      recordsMax: recordsPerRead,
    });
    for (const record of records) if (record.offset < to) yield record;
    if (isAtEnd || nextOffset === next) return;
    next = nextOffset;
  }
}
