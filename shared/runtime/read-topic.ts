import type { Log, LogRecord, Topic } from '#ports/log.ts';

const recordsPerRead = 1_000;

/** Every committed record of a topic from `marks` on (by partition; 0 where absent). The marks are moved to the end. */
export async function* readTopic(
  log: Log,
  topic: Topic,
  marks: Map<number, number> = new Map(),
): AsyncGenerator<LogRecord> {
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    for (;;) {
      const from = marks.get(partition) ?? 0;
      const { records, nextOffset, isAtEnd } = await log.read({ topic, partition, from, recordsMax: recordsPerRead });
      yield* records;
      marks.set(partition, nextOffset);
      if (isAtEnd) break;
    }
  }
}
