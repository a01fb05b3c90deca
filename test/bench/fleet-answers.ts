import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { headerNames } from '#core/headers.ts';
import { formatRid, parseRid } from '#core/rid.ts';
import type { Topic } from '#ports/log.ts';

/** What the results topic says: counted, not believed. */
export interface CountedAnswers {
  /** Different documents. */
  answered: number;
  /** Beyond the first of a document. */
  repeated: number;
  /** When the last one was appended, ms since the epoch, by the log's clock. */
  lastAt: number;
  /** Of keys, values and headers. */
  bytes: number;
}

const pollMs = 200;
const recordsPerRead = 2_000;

/** Sum of the ends of all partitions: records and markers, which is quick to ask. */
export async function endOf(log: KafkaLog, topic: Topic): Promise<number> {
  const ends = Array.from({ length: log.partitions(topic) }, (_, partition) => log.endOffset(topic, partition));
  return (await Promise.all(ends)).reduce((sum, end) => sum + end, 0);
}

/**
 * Waits until so many documents have a committed result. Asks only for ends while it waits, so that reading does not
 * take CPU from what is measured.
 * @throws Error when there is no progress for `stallMs`
 */
export async function waitForAnswers(
  log: KafkaLog,
  { documents, stallMs = 120_000 }: { documents: number; stallMs?: number },
): Promise<CountedAnswers> {
  let [seen, seenOn] = [-1, performance.now()];
  for (;;) {
    const end = await endOf(log, 'results');
    if (end > seen) [seen, seenOn] = [end, performance.now()];
    if (end >= documents) {
      const counted = await countAnswers(log);
      if (counted.answered >= documents) return counted;
      await sleep(500);
    }
    if (performance.now() - seenOn > stallMs)
      throw new Error(`no result for ${stallMs / 1_000} s: ${end} of ${documents}`);
    await sleep(pollMs);
  }
}

/** Reads all results there are. */
export async function countAnswers(log: KafkaLog): Promise<CountedAnswers> {
  const seen = Array.from({ length: log.partitions('documents') }, () => new Set<number>());
  const counted = { answered: 0, repeated: 0, lastAt: 0, bytes: 0 };
  for (let partition = 0; partition < log.partitions('results'); partition++) {
    for (let [from, isAtEnd] = [0, false]; !isAtEnd; ) {
      const read = await log.read({ topic: 'results', partition, from, recordsMax: recordsPerRead });
      for (const { headers, at, value } of read.records) {
        const text = headers[headerNames.rid] ?? '';
        const rid = parseRid(text);
        if (rid === null || formatRid(rid) !== text) throw new Error(`a result without a rid: "${text}"`);
        const offsets = seen[rid.partition] as Set<number>;
        if (offsets.has(rid.offset)) counted.repeated += 1;
        else counted.answered += 1;
        offsets.add(rid.offset);
        counted.lastAt = Math.max(counted.lastAt, at);
        counted.bytes += value.length;
      }
      from = read.nextOffset;
      isAtEnd = read.isAtEnd;
    }
  }
  return counted;
}
