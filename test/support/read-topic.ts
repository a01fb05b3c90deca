import type { Log, LogRecord, Topic } from '#ports/log.ts';

const recordsPerRead = 1_000;

/** All committed records of a topic, partition by partition. */
export async function* readTopic(log: Log, topic: Topic): AsyncGenerator<LogRecord> {
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    for (let from = 0; ; ) {
      const { records, nextOffset } = await log.read({ topic, partition, from, recordsMax: recordsPerRead });
      yield* records;
      if (nextOffset === from) break;
      from = nextOffset;
    }
  }
}
