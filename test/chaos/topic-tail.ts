import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Consumer, Kafka, KafkaMessage } from 'kafkajs';

export interface TopicTailOptions {
  kafka: Kafka;
  topic: string;
  /** Once per record, in order within a partition. */
  onRecord(record: KafkaMessage & { partition: number; position: number }): void;
}

/** Reads a topic as a user would, read_committed, from the start and for ever, whatever happens to the broker. */
export class TopicTail {
  readonly #options: TopicTailOptions;
  readonly #group = `chaos-${randomUUID()}`;
  /** What is read a second time after a rebalance is not told again. */
  readonly #readTo = new Map<number, number>();
  #consumer: Consumer | null = null;
  #isOver = false;

  constructor(options: TopicTailOptions) {
    this.#options = options;
  }

  /** The offset to be read next. Markers of transactions are stepped over. */
  readTo(partition: number): number {
    return this.#readTo.get(partition) ?? 0;
  }

  async start(): Promise<void> {
    const { kafka, topic } = this.#options;
    const consumer = kafka.consumer({
      groupId: this.#group,
      sessionTimeout: 6_000,
      heartbeatInterval: 1_000,
      maxWaitTimeInMs: 200,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
    });
    this.#consumer = consumer;
    // kafkajs goes on by itself after some crashes only, and then gives up when the broker is still not there.
    consumer.on(consumer.events.CRASH, ({ payload: { restart } }) => {
      if (!restart) void this.#startAnew(consumer);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachBatch: async ({ batch }) => this.#take(batch) });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#consumer?.disconnect().catch(() => {});
  }

  async #startAnew(crashed: Consumer): Promise<void> {
    await crashed.disconnect().catch(() => {});
    while (!this.#isOver) {
      try {
        await this.start();
        return;
      } catch {
        await this.#consumer?.disconnect().catch(() => {});
        await sleep(startPauseMs);
      }
    }
  }

  #take(batch: Batch): void {
    const { partition } = batch;
    for (const message of batch.messages) {
      const position = Number(message.offset);
      if (position < this.readTo(partition)) continue;
      this.#readTo.set(partition, position + 1);
      this.#options.onRecord({ ...message, partition, position });
    }
    this.#readTo.set(partition, Math.max(this.readTo(partition), Number(batch.lastOffset()) + 1));
  }
}

const startPauseMs = 500;
