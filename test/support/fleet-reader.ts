import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { headerNames } from '#core/headers.ts';

/** A record of the results topic. */
export interface ReadAnswer {
  key: string | null;
  rid: string;
  att: number;
  outcome: string;
  headers: Readonly<Record<string, string>>;
  text: string;
}

const recordsPerRead = 1_000;

/** Reads the results of a fleet as any consumer would: committed records, over all partitions. */
export class FleetReader {
  readonly #options: { brokers: readonly string[]; topicPrefix: string };
  #log: KafkaLog | null = null;
  #offsets: number[] = [];
  readonly #answers: ReadAnswer[] = [];

  constructor(options: { brokers: readonly string[]; topicPrefix: string }) {
    this.#options = options;
  }

  /** Everything that can be read now, in the order it was found; a second answer of a document stands in it too. */
  async answers(): Promise<readonly ReadAnswer[]> {
    const log = await this.#open();
    for (const partition of this.#offsets.keys()) {
      for (let isAtEnd = false; !isAtEnd; ) {
        const from = this.#offsets[partition] as number;
        const read = await log.read({ topic: 'results', partition, from, recordsMax: recordsPerRead });
        for (const { key, headers, value } of read.records) {
          this.#answers.push({
            key,
            rid: headers[headerNames.rid] ?? '',
            att: Number(headers[headerNames.att]),
            outcome: headers[headerNames.outcome] ?? '',
            headers,
            text: Buffer.from(value).toString('utf8'),
          });
        }
        this.#offsets[partition] = read.nextOffset;
        isAtEnd = read.isAtEnd;
      }
    }
    return this.#answers;
  }

  /** What there is once there are so many, or after the time. */
  async waitForResults(count: number, withinMs: number): Promise<ReadAnswer[]> {
    const giveUpOn = performance.now() + withinMs;
    for (;;) {
      const answers = await this.answers();
      const leftMs = giveUpOn - performance.now();
      if (answers.length >= count || leftMs <= 0) return [...answers];
      const marks = this.#offsets.map((from, partition) => ({ topic: 'results', partition, from }) as const);
      await (await this.#open()).waitForMore(marks, Math.min(leftMs, 1_000));
    }
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }

  /** Also for what else a test wants to read. Makes the topics if no worker has yet. */
  async #open(): Promise<KafkaLog> {
    if (this.#log) return this.#log;
    const log = await openKafkaLog({ ...this.#options, clientId: 'test-reader' });
    this.#offsets = Array.from({ length: log.partitions('results') }, () => 0);
    this.#log = log;
    return log;
  }
}
