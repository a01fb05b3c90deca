import { setTimeout as sleep } from 'node:timers/promises';
import type { NewRecord } from '#ports/log.ts';
import { batchOverheadBytes, encodeRecordBatch, recordSizeMax } from './encode-record-batch.ts';
import type { KafkaClient } from './kafka-client.ts';
import { codeOf, codes, isLater, KafkaError } from './kafka-error.ts';
import type { Patience } from './patience.ts';
import { type Place, placeKey } from './place.ts';
import { type ProducedBatch, produceRequest } from './produce-request.ts';

export interface Appended {
  offsets: number[];
  at: number;
}

interface Waiting {
  records: readonly NewRecord[];
  sizeBytes: number;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** An idempotent producer, as the brokers know it. Dropped when it is not known what became of a batch of its. */
interface Producer {
  producerId: number;
  epoch: number;
  /** Of the next record, by partition. */
  sequences: Map<string, number>;
}

/** Appends that wait meanwhile go together, up to so much. */
const batchBytes = 1024 * 1024;
const firstPauseMs = 20;
const pauseMsMax = 500;
const sequenceEnd = 0x8000_0000;

export const appendSizeMax = (records: readonly NewRecord[]): number =>
  records.reduce((sum, record) => sum + recordSizeMax(record), batchOverheadBytes);

/**
 * Appends outside of transactions: one batch of a partition at a time, and what comes meanwhile shares the next. A batch that
 * was not acknowledged is sent again as it was, and the broker recognises it, so a restart neither loses nor repeats it.
 */
export class AppendQueue {
  readonly #client: KafkaClient;
  readonly #patience: Patience;
  readonly #now: () => number;
  readonly #waiting = new Map<string, Waiting[]>();
  #producer: Promise<Producer> | null = null;

  constructor(options: { client: KafkaClient; patience: Patience; now: () => number }) {
    this.#client = options.client;
    this.#patience = options.patience;
    this.#now = options.now;
  }

  append(place: Place, records: readonly NewRecord[]): Promise<Appended> {
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const waiting = { records: [...records], sizeBytes: appendSizeMax(records), resolve, reject };
    const queue = this.#waiting.get(placeKey(place));
    if (queue !== undefined) {
      queue.push(waiting);
      return promise;
    }
    this.#waiting.set(placeKey(place), [waiting]);
    void this.#run(place);
    return promise;
  }

  async #run(place: Place): Promise<void> {
    const key = placeKey(place);
    const queue = this.#waiting.get(key) as Waiting[];
    await null; // what is appended in the same turn goes together
    while (queue.length > 0) {
      const group = takeGroup(queue);
      try {
        const { base, at } = await this.#send(
          place,
          group.flatMap(({ records }) => records),
        );
        let offset = base;
        for (const { records, resolve } of group) {
          const first = offset;
          offset += records.length;
          resolve({ offsets: records.map((_, index) => first + index), at });
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#waiting.delete(key);
  }

  async #send(place: Place, records: readonly NewRecord[]): Promise<{ base: number; at: number }> {
    const key = placeKey(place);
    const until = performance.now() + this.#patience.totalMs;
    const now = this.#now();
    let isUnsure = false;
    let producer: Producer | null = null;
    let bytes: Buffer = Buffer.alloc(0);
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
      try {
        if (producer === null) {
          producer = await this.#getProducer();
          const sequence = producer.sequences.get(key) ?? 0;
          bytes = encodeRecordBatch(records, { ...producer, sequence, isTransactional: false }, now);
        }
        const { base, appendedAt } = await this.#produce({ ...place, bytes });
        const sequence = producer.sequences.get(key) ?? 0;
        producer.sequences.set(key, (sequence + records.length) % sequenceEnd);
        return { base, at: appendedAt < 0 ? now : appendedAt };
      } catch (error) {
        if (isForgotten(error) && !isUnsure && producer !== null && performance.now() < until) {
          this.#drop();
          producer = null;
          continue;
        }
        const code = codeOf(error);
        isUnsure ||= producer !== null && (code === null || mayHaveLanded.has(code));
        if (this.#patience.signal.aborted || !isLater(error) || performance.now() + pauseMs > until) {
          this.#drop();
          throw error;
        }
        await sleep(pauseMs, null, { signal: this.#patience.signal }).catch(() => {});
        await this.#client.refresh().catch(() => {});
      }
    }
  }

  async #produce(batch: Place & { bytes: Buffer }): Promise<ProducedBatch> {
    const client = this.#client;
    const broker = await client.leader(batch.topic, batch.partition);
    const request = produceRequest([batch], { transactionalId: null, timeoutMs: client.requestTimeoutMs });
    const [produced] = await client.send(broker, request);
    if (produced === undefined) throw new KafkaError(codes.unknownTopicOrPartition, placeKey(batch));
    if (produced.error !== 0) throw new KafkaError(produced.error, `append to ${placeKey(batch)}`);
    return produced;
  }

  #getProducer(): Promise<Producer> {
    this.#producer ??= this.#initProducer();
    this.#producer.catch(() => this.#drop());
    return this.#producer;
  }

  async #initProducer(): Promise<Producer> {
    const broker = await this.#client.controller();
    const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 });
    return { producerId: Number(producerId), epoch: producerEpoch, sequences: new Map() };
  }

  #drop(): void {
    this.#producer = null;
  }
}

function takeGroup(queue: Waiting[]): Waiting[] {
  let sizeBytes = 0;
  let count = 0;
  for (const waiting of queue) {
    sizeBytes += waiting.sizeBytes;
    if (count > 0 && sizeBytes > batchBytes) break;
    count += 1;
  }
  return queue.splice(0, count);
}

/** Not refused for certain: sent again, it has to be the very same batch. */
const mayHaveLanded: ReadonlySet<number> = new Set([
  codes.requestTimedOut,
  codes.networkException,
  codes.notEnoughReplicasAfterAppend,
]);

/** The broker no longer knows the producer, and took nothing. */
const forgotten: ReadonlySet<number> = new Set([
  codes.outOfOrderSequence,
  codes.unknownProducer,
  codes.invalidProducerEpoch,
  codes.invalidProducerIdMapping,
]);
const isForgotten = (error: unknown): boolean => forgotten.has(codeOf(error) ?? 0);
