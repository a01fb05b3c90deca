import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { headerNames } from '#core/headers.ts';
import { parseRid } from '#core/rid.ts';
import type { LogRecord, Topic } from '#ports/log.ts';

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
  const counter = new AnswerCounter(log);
  let [seen, seenOn] = [-1, performance.now()];
  for (;;) {
    const end = await endOf(log, 'results');
    if (end > seen) [seen, seenOn] = [end, performance.now()];
    if (end >= documents) {
      const counted = await counter.count();
      if (counted.answered >= documents) return counted;
    }
    if (performance.now() - seenOn > stallMs)
      throw new Error(`no result for ${stallMs / 1_000} s: ${end} of ${documents}`);
    await sleep(pollMs);
  }
}

/** Reads all results there are. */
export const countAnswers = (log: KafkaLog): Promise<CountedAnswers> => new AnswerCounter(log).count();

/** Reads results on from where it was, and knows each document it has seen. */
class AnswerCounter {
  readonly #log: KafkaLog;
  readonly #seen: Set<number>[];
  readonly #offsets: number[];
  readonly #counted: CountedAnswers = { answered: 0, repeated: 0, lastAt: 0, bytes: 0 };

  constructor(log: KafkaLog) {
    this.#log = log;
    this.#seen = Array.from({ length: log.partitions('documents') }, () => new Set<number>());
    this.#offsets = Array.from({ length: log.partitions('results') }, () => 0);
  }

  async count(): Promise<CountedAnswers> {
    for (const partition of this.#offsets.keys()) {
      for (let isAtEnd = false; !isAtEnd; ) {
        const from = this.#offsets[partition] as number;
        const read = await this.#log.read({ topic: 'results', partition, from, recordsMax: recordsPerRead });
        for (const record of read.records) this.#take(record);
        this.#offsets[partition] = read.nextOffset;
        isAtEnd = read.isAtEnd;
      }
    }
    return { ...this.#counted };
  }

  #take({ headers, at, value }: LogRecord): void {
    const rid = parseRid(headers[headerNames.rid] ?? '');
    if (rid === null) throw new Error('a result without a rid');
    const offsets = this.#seen[rid.partition] as Set<number>;
    if (offsets.has(rid.offset)) this.#counted.repeated += 1;
    else this.#counted.answered += 1;
    offsets.add(rid.offset);
    this.#counted.lastAt = Math.max(this.#counted.lastAt, at);
    this.#counted.bytes += value.length;
  }
}
