import type { NewRecord } from '#ports/log.ts';
import { encodeRecordBatch, recordSizeMax } from './encode-record-batch.ts';
import type { KafkaClient } from './kafka-client.ts';
import { isLater, isUndone, KafkaError } from './kafka-error.ts';
import { type Patience, withPatience } from './patience.ts';
import { type Place, placeKey } from './place.ts';
import { type GroupPosition, positionsByTopic } from './positions-by-topic.ts';
import { type ProducedBatch, produceRequest } from './produce-request.ts';

export interface KafkaTransactionsOptions {
  client: KafkaClient;
  transactionalId: string;
  /** A transaction open for so long is aborted by the broker, so that readers go on. */
  transactionTimeoutMs: number;
  patience: Patience;
  /** What one batch of a topic may have; in a transaction a write may be many. */
  batchBytesMax(topic: string): number;
  now(): number;
}

type PlacedBatch = Place & { records: readonly NewRecord[]; bytes: Buffer };

const sequenceEnd = 0x8000_0000;
const emptyId = { producerId: '', producerEpoch: 0 };

/**
 * The transactions of one transactional id, one at a time. `open` fences: the broker aborts what an earlier holder has left
 * open, waits until that is done, and refuses whatever it tries later. After any error this is dropped, and another opened.
 */
export class KafkaTransactions {
  readonly #options: KafkaTransactionsOptions;
  #identity: { producerId: string; producerEpoch: number } = emptyId;
  readonly #sequences = new Map<string, number>();
  /** Partitions and groups of the transaction that is open. */
  readonly #taken = new Set<string>();

  constructor(options: KafkaTransactionsOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { client, patience, transactionalId, transactionTimeoutMs } = this.#options;
    this.#identity = await withPatience(client, patience, async () => {
      const coordinator = await client.coordinator('transaction', transactionalId);
      return coordinator.initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs });
    });
  }

  /** @returns the offsets, for each place in the order of its records */
  async send(writes: readonly (Place & { records: readonly NewRecord[] })[]): Promise<Map<string, number[]>> {
    const rounds = this.#roundsOf(writes);
    await this.#takePartitions(rounds.flat());
    const offsets = new Map<string, number[]>();
    for (const round of rounds) {
      for (const { batch, base } of await this.#produce(round)) {
        const known = offsets.get(placeKey(batch)) ?? [];
        offsets.set(placeKey(batch), known);
        for (const index of batch.records.keys()) known.push(base + index);
      }
    }
    return offsets;
  }

  async sendPositions(positions: readonly GroupPosition[]): Promise<void> {
    for (const [group, some] of Map.groupBy(positions, position => position.group)) {
      await this.#takeGroup(group);
      const topics = positionsByTopic(some);
      await this.#ask(async client => {
        const coordinator = await client.coordinator('group', group);
        await coordinator.txnOffsetCommit({ ...this.#self, groupId: group, topics });
      });
    }
  }

  commit(): Promise<void> {
    return this.#end(true);
  }

  abort(): Promise<void> {
    return this.#end(false);
  }

  get #self(): { transactionalId: string; producerId: string; producerEpoch: number } {
    return { transactionalId: this.#options.transactionalId, ...this.#identity };
  }

  /** One batch of each partition at a time, encoded with the numbers that its producer has come to. */
  #roundsOf(writes: readonly (Place & { records: readonly NewRecord[] })[]): PlacedBatch[][] {
    const rounds: PlacedBatch[][] = [];
    const now = this.#options.now();
    for (const [key, group] of Map.groupBy(writes, placeKey)) {
      const { topic, partition } = group[0] as Place;
      const records = group.flatMap(write => write.records);
      for (const [round, some] of cut(records, this.#options.batchBytesMax(topic)).entries()) {
        const sequence = this.#sequences.get(key) ?? 0;
        const { producerId, producerEpoch: epoch } = this.#identity;
        const identity = { producerId: Number(producerId), epoch, sequence, isTransactional: true };
        rounds[round] ??= [];
        rounds[round].push({ topic, partition, records: some, bytes: encodeRecordBatch(some, identity, now) });
        this.#sequences.set(key, (sequence + some.length) % sequenceEnd);
      }
    }
    return rounds;
  }

  async #takePartitions(places: readonly Place[]): Promise<void> {
    const added = new Map(places.map(place => [placeKey(place), place]));
    for (const key of added.keys()) if (this.#taken.has(key)) added.delete(key);
    if (added.size === 0) return;
    const topics = [...Map.groupBy(added.values(), ({ topic }) => topic)].map(([topic, group]) => ({
      topic,
      partitions: group.map(({ partition }) => partition),
    }));
    await this.#askCoordinator(coordinator => coordinator.addPartitionsToTxn({ ...this.#self, topics }));
    for (const key of added.keys()) this.#taken.add(key);
  }

  async #takeGroup(group: string): Promise<void> {
    if (this.#taken.has(`group ${group}`)) return;
    await this.#askCoordinator(coordinator => coordinator.addOffsetsToTxn({ ...this.#self, groupId: group }));
    this.#taken.add(`group ${group}`);
  }

  async #produce(round: readonly PlacedBatch[]): Promise<{ batch: PlacedBatch; base: number }[]> {
    const { transactionalId, client } = this.#options;
    const open = new Map(round.map(batch => [placeKey(batch), batch]));
    const done: { batch: PlacedBatch; base: number }[] = [];
    await this.#ask(async () => {
      let failed: ProducedBatch | null = null;
      const byLeader = await client.byLeader([...open.values()]);
      await Promise.all(
        [...byLeader].map(async ([broker, batches]) => {
          const request = produceRequest(batches, { transactionalId, timeoutMs: client.requestTimeoutMs });
          for (const produced of await client.send(broker, request)) {
            const batch = open.get(placeKey(produced));
            if (produced.error !== 0) failed = produced;
            else if (batch !== undefined) {
              open.delete(placeKey(produced));
              done.push({ batch, base: produced.base });
            }
          }
        }),
      );
      const fault = failed as ProducedBatch | null;
      if (fault !== null) throw new KafkaError(fault.error, `append to ${placeKey(fault)}`);
    });
    return done;
  }

  /** Ends what is open. Asked again for the same end, the broker does the same, so a lost reply is no reason to give up. */
  async #end(isCommit: boolean): Promise<void> {
    if (this.#taken.size === 0) return;
    const { client, patience, transactionalId } = this.#options;
    await withPatience(
      client,
      patience,
      async () => {
        const coordinator = await client.coordinator('transaction', transactionalId);
        await coordinator.endTxn({ ...this.#self, transactionResult: isCommit });
      },
      isLater,
    );
    this.#taken.clear();
  }

  #askCoordinator(
    ask: (coordinator: Awaited<ReturnType<KafkaClient['coordinator']>>) => Promise<unknown>,
  ): Promise<void> {
    return this.#ask(async client => {
      await ask(await client.coordinator('transaction', this.#options.transactionalId));
    });
  }

  /** Tries again only what certainly was not done: of all else a new holder finds out by reading. */
  #ask(act: (client: KafkaClient) => Promise<void>): Promise<void> {
    const { client, patience } = this.#options;
    return withPatience(client, patience, () => act(client), isUndone);
  }
}

function cut(records: readonly NewRecord[], bytesMax: number): NewRecord[][] {
  const parts: NewRecord[][] = [];
  let sizeBytes = 0;
  for (const record of records) {
    const recordBytes = recordSizeMax(record);
    if (parts.length === 0 || sizeBytes + recordBytes > bytesMax) {
      parts.push([]);
      sizeBytes = 0;
    }
    (parts.at(-1) as NewRecord[]).push(record);
    sizeBytes += recordBytes;
  }
  return parts;
}
