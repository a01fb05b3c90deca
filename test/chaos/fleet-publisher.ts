import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka, Partitioners, type Producer } from 'kafkajs';
import { chaosTask } from './chaos-project.ts';

export interface PublisherOptions {
  kafka: Kafka;
  topic: string;
  partitions: number;
  /** Documents a second at most. */
  perSecond: number;
  /** It waits while more than this many are unanswered: bounded work, and never so little that the fleet idles. */
  openMax: number;
  answered(): number;
}

const everyMs = 100;

/**
 * Publishes documents that each want a code of their own back, as a producer would: acknowledged by all replicas, sent
 * again when that fails. A send that failed may have landed, so documents are counted by the audit, from the topic.
 */
export class FleetPublisher {
  readonly #options: PublisherOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #published = 0;
  #failures = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Acknowledged. */
  get published(): number {
    return this.#published;
  }

  /** Sends that were not acknowledged and were made again. */
  get failures(): number {
    return this.#failures;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { perSecond, openMax } = this.#options;
    let producer: Producer | null = null;
    let dueOn = performance.now();
    while (!this.#stopping.signal.aborted) {
      await sleep(Math.max(1, dueOn - performance.now()));
      // Time in which nothing could be sent is not made up for: that would be a flood after every outage.
      dueOn = Math.max(dueOn + everyMs, performance.now());
      const room = openMax - (this.#published - this.#options.answered());
      const count = Math.min(room, Math.ceil((perSecond * everyMs) / 1_000));
      if (count <= 0) continue;
      try {
        producer ??= await this.#connect();
        await this.#send(producer, count);
        this.#published += count;
      } catch {
        this.#failures += 1;
        await producer?.disconnect().catch(() => {});
        producer = null;
        await sleep(500);
      }
    }
    await producer?.disconnect().catch(() => {});
  }

  async #connect(): Promise<Producer> {
    const producer = this.#options.kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    return producer;
  }

  async #send(producer: Producer, count: number): Promise<void> {
    const { topic, partitions } = this.#options;
    const messages = Array.from({ length: count }, (_, index) => {
      const number = this.#published + index;
      const code = `F-${number}`;
      const document = { custom_id: code, task: chaosTask, content: `Copy the code ${code} into the field code.` };
      return { key: code, value: JSON.stringify(document), partition: number % partitions };
    });
    await producer.send({ topic, messages, acks: -1, timeout: 5_000 });
  }
}
