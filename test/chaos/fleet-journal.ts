import type { Kafka } from 'kafkajs';
import { decodeJournal } from '#contracts/journal-codec.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { createView } from '#core/view.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { TopicTail } from './topic-tail.ts';

/** Folds the journal as every worker does, from outside. */
export class FleetJournal {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #view = createView();
  readonly #tail: TopicTail;

  constructor({ kafka, topic }: { kafka: Kafka; topic: string }) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#tail = new TopicTail({
      kafka,
      topic,
      onRecord: ({ value, timestamp }) => {
        const record = decodeJournal(value ?? Buffer.alloc(0), Number(timestamp));
        if (record.kind !== 'UNKNOWN') reduceJournal(this.#view, record);
      },
    });
  }

  start(): Promise<void> {
    return this.#tail.start();
  }

  stop(): Promise<void> {
    return this.#tail.stop();
  }

  /** Batches whose create by this worker was begun before `endedAt` and may be under way: nothing says what became of it. */
  async openIntents(worker: string, endedAt: number): Promise<string[]> {
    const end = await this.#endOffset();
    await waitUntil('the end of the journal', () => this.#tail.readTo(0) >= end);
    const open: string[] = [];
    for (const { bk, state } of this.#view.batches.values()) {
      if (state.is === 'intent' && state.intent.worker === worker && state.intent.at <= endedAt) open.push(bk);
    }
    return open;
  }

  async #endOffset(): Promise<number> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const [partition] = await admin.fetchTopicOffsets(this.#topic);
      return Number(partition?.high ?? 0);
    } finally {
      await admin.disconnect();
    }
  }
}
