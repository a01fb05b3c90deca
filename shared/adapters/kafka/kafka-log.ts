import { randomUUID } from 'node:crypto';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type {
  Append,
  Fence,
  Log,
  LogRecord,
  Mark,
  NewRecord,
  Position,
  ReadQuery,
  ReadResult,
  Topic,
} from '#ports/log.ts';
import { type Appended, AppendQueue, appendSizeMax } from './append-queue.ts';
import { createKafkaFence } from './create-kafka-fence.ts';
import { describeProducersRequest } from './describe-producers-request.ts';
import type { TopicFacts } from './ensure-topics.ts';
import { GroupMembership } from './group-membership.ts';
import { GroupPositions } from './group-positions.ts';
import type { KafkaClient } from './kafka-client.ts';
import { toLogError } from './kafka-error.ts';
import { KafkaTransactions } from './kafka-transactions.ts';
import { LogReader } from './log-reader.ts';
import type { Note } from './note.ts';
import type { Patience } from './patience.ts';
import { type Place, placeKey } from './place.ts';
import type { GroupPosition } from './positions-by-topic.ts';
import { SpanCache } from './span-cache.ts';
import { TailWatcher } from './tail-watcher.ts';
import { type Progress, Watchdog } from './watchdog.ts';

export interface KafkaLogOptions {
  topicPrefix: string;
  topics: ReadonlyMap<Topic, TopicFacts & { name: string }>;
  /** A client with connections of its own. */
  newClient(): KafkaClient;
  patience: Patience;
  sessionTimeoutMs: number;
  transactionTimeoutMs: number;
  cacheBytes: number;
  /** What the records of one compressed batch may grow to. */
  batchBytesMax: number;
  stalledMs: number;
  note: Note;
  now(): number;
  stop(): void;
}

/** What a process can be asked about its reading. */
export interface LogHealth {
  /** False when there is something to read and nothing was read for long: only a new start helps. */
  isHealthy: boolean;
  why: string | null;
  /** How far the readers of this process have come, of every partition that was asked for. */
  progress: Progress[];
}

/** A transaction that is open: nobody who reads committed records reads beyond its first offset. */
export interface OpenTransaction {
  topic: Topic;
  partition: number;
  /** Of its first record. */
  offset: number;
  producerId: number;
  epoch: number;
  /** Since it wrote last. Far above the transaction timeout it is hanging, and ends by an operator alone. */
  idleMs: number;
}

/** Fetches that wait keep a connection busy; more of them than this share. */
const waitingClients = 3;
/** More producers at a time bring no more transactions. */
const transactionClients = 4;
/** What a batch has besides the estimate of its records. */
const batchSlackBytes = 16 * 1024;
const firstJoinMs = 3_000;

/** The log on Kafka: see README.md. Records and their headers are shared between readers and MUST NOT be changed. */
export class KafkaLog implements Log {
  readonly #options: KafkaLogOptions;
  readonly #clients: KafkaClient[] = [];
  readonly #client: KafkaClient;
  readonly #transactionClients: KafkaClient[];
  readonly #reader: LogReader;
  readonly #tail: TailWatcher;
  readonly #appends: AppendQueue;
  readonly #positions: GroupPositions;
  readonly #memberships = new Map<string, GroupMembership>();
  readonly #watchdog: Watchdog;
  #transacting: Promise<unknown> = Promise.resolve();
  #appender: KafkaTransactions | null = null;
  readonly #appenderId = randomUUID();

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    const { patience, note, now, cacheBytes, stalledMs } = options;
    this.#client = this.#newClient();
    this.#transactionClients = Array.from({ length: transactionClients }, () => this.#newClient());
    this.#reader = new LogReader({
      client: this.#client,
      cache: new SpanCache(cacheBytes),
      patience,
      unpackOf: name => this.#unpackOf(name),
    });
    const clients = Array.from({ length: waitingClients }, () => this.#newClient());
    this.#tail = new TailWatcher({ clients, reader: this.#reader, note });
    this.#appends = new AppendQueue({ client: this.#client, patience, now });
    this.#positions = new GroupPositions({
      client: this.#client,
      patience,
      membershipOf: group => this.#memberships.get(group) ?? null,
      commitInTransaction: positions => this.#transact(appender => appender.sendPositions(positions)),
    });
    this.#watchdog = new Watchdog({ stalledMs, readableTo: place => this.#reader.stableOffset(place) });
  }

  partitions(topic: Topic): number {
    return this.#facts(topic).partitions;
  }

  async append({ topic, partition, records, positions = [] }: Append): Promise<Appended> {
    const place = this.#place(topic, partition);
    return this.#named(placeKey(place), async () => {
      const isOneBatch = appendSizeMax(records) <= this.#batchBytesMax(place.topic) || records.length <= 1;
      if (positions.length === 0 && isOneBatch && records.length > 0) return this.#appends.append(place, records);
      return this.#appendInTransaction(place, records, positions);
    });
  }

  read({ topic, partition, from, recordsMax }: ReadQuery): Promise<ReadResult> {
    const place = this.#place(topic, partition);
    const isAnswered = this.#watchdog.asks(place, from);
    return this.#named(placeKey(place), () => this.#reader.read(place, from, recordsMax)).finally(isAnswered);
  }

  readAt(query: { topic: Topic; partition: number; offsets: readonly number[] }): Promise<(LogRecord | null)[]> {
    const place = this.#place(query.topic, query.partition);
    return this.#named(placeKey(place), () => this.#reader.readAt(place, query.offsets));
  }

  endOffset(topic: Topic, partition: number): Promise<number> {
    const place = this.#place(topic, partition);
    return this.#named(placeKey(place), () => this.#reader.endOffset(place));
  }

  /** The oldest record there is. */
  oldestOffset(topic: Topic, partition: number): Promise<number> {
    const place = this.#place(topic, partition);
    return this.#named(placeKey(place), () => this.#reader.oldestOffset(place));
  }

  /** The first offset that was appended at `at` or later; the end when there is none. */
  offsetSince(topic: Topic, partition: number, at: number): Promise<number> {
    const place = this.#place(topic, partition);
    return this.#named(placeKey(place), () => this.#reader.offsetSince(place, at));
  }

  async waitForMore(marks: readonly Mark[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const placed = marks.map(({ topic, partition, from }) => ({ ...this.#place(topic, partition), from }));
    const areAnswered = placed.map(mark => this.#watchdog.asks(mark, mark.from));
    await this.#tail.wait(placed, timeoutMs, signal);
    for (const isAnswered of areAnswered) isAnswered();
  }

  async fence(shard: number): Promise<Fence> {
    const client = this.#transactionClients[shard % transactionClients] as KafkaClient;
    const transactions = this.#newTransactions(client, `${this.#options.topicPrefix}.settle-${shard}`);
    await this.#named(`shard ${shard}`, () => transactions.open());
    return createKafkaFence({
      shard,
      transactions,
      topicName: topic => this.#facts(topic).name,
      groupPosition: position => this.#groupPosition(position),
    });
  }

  /** Of the partitions of a topic, those that its group gives to this process; joins the group at the first call. */
  async assigned(group: string, topic: Topic): Promise<{ partition: number; generation: number }[]> {
    const name = this.#groupName(group);
    let membership = this.#memberships.get(name);
    if (membership === undefined) {
      membership = this.#join(name, topic);
      await membership.untilJoined(firstJoinMs);
    }
    return membership.assigned;
  }

  async position(group: string, topic: Topic, partition: number): Promise<Position | null> {
    const place = this.#place(topic, partition);
    const found = await this.#named(`position of ${group}`, () => this.#positions.read(this.#groupName(group), place));
    if (found === null) return null;
    const { offset, metadata } = found;
    return { group, topic, partition, offset, ...(metadata === '' ? {} : { metadata }) };
  }

  commitPosition(position: Position): Promise<void> {
    return this.#named(`position of ${position.group}`, () => this.#positions.commit(this.#groupPosition(position)));
  }

  /** For operators whose readers stand still: who keeps a transaction open, and where. */
  async openTransactions(): Promise<OpenTransaction[]> {
    const { topics, now } = this.#options;
    const topicOf = new Map([...topics].map(([topic, { name }]) => [name, topic]));
    const places = [...topics.values()].flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    );
    return this.#named('open transactions', async () => {
      const byLeader = await this.#client.byLeader(places);
      const asked = [...byLeader].map(([broker, some]) => this.#client.send(broker, describeProducersRequest(some)));
      return (await Promise.all(asked))
        .flat()
        .filter(({ transactionFrom }) => transactionFrom >= 0)
        .map(({ topic, partition, producerId, epoch, transactionFrom: offset, lastAt }) => ({
          topic: topicOf.get(topic) as Topic,
          partition,
          offset,
          producerId,
          epoch,
          idleMs: Math.max(0, now() - lastAt),
        }));
    });
  }

  health(): LogHealth {
    return this.#watchdog.health();
  }

  async close(): Promise<void> {
    this.#tail.close();
    this.#watchdog.close();
    await Promise.all([...this.#memberships.values()].map(membership => membership.close()));
    this.#options.stop();
    await Promise.all(this.#clients.map(client => client.close().catch(() => {})));
  }

  #newClient(): KafkaClient {
    const client = this.#options.newClient();
    this.#clients.push(client);
    return client;
  }

  #newTransactions(client: KafkaClient, transactionalId: string): KafkaTransactions {
    const { patience, transactionTimeoutMs, now } = this.#options;
    const batchBytesMax = (topic: string): number => this.#batchBytesMax(topic);
    return new KafkaTransactions({ client, transactionalId, transactionTimeoutMs, patience, batchBytesMax, now });
  }

  async #appendInTransaction(
    place: Place,
    records: readonly NewRecord[],
    positions: readonly Position[],
  ): Promise<Appended> {
    const offsets = await this.#transact(async appender => {
      const sent = await appender.send(records.length > 0 ? [{ ...place, records }] : []);
      if (positions.length > 0) await appender.sendPositions(positions.map(each => this.#groupPosition(each)));
      return sent.get(placeKey(place)) ?? [];
    });
    const last = offsets.at(-1);
    if (last === undefined) return { offsets, at: this.#options.now() };
    return { offsets, at: await this.#untilReadable(place, last) };
  }

  /**
   * The broker still writes the marker, and whoever appended reads what it wrote. A transaction of somebody else may hold it back
   * for long; that is not waited for.
   */
  async #untilReadable(place: Place, offset: number): Promise<number> {
    const { patience, now } = this.#options;
    const until = performance.now() + patience.totalMs;
    while (performance.now() < until && !patience.signal.aborted) {
      const [record] = await this.#reader.readAt(place, [offset]);
      if (record) return record.at;
      await this.#tail.wait([{ ...place, from: offset }], 200);
    }
    return now();
  }

  /** One transaction at a time, under an id of this process alone. */
  #transact<T>(act: (appender: KafkaTransactions) => Promise<T>): Promise<T> {
    const run = this.#transacting.then(async () => {
      this.#appender ??= await this.#openAppender();
      try {
        const result = await act(this.#appender);
        await this.#appender.commit();
        return result;
      } catch (error) {
        await this.#appender.abort().catch(() => {});
        this.#appender = null;
        throw error;
      }
    });
    this.#transacting = run.catch(() => {});
    return run;
  }

  async #openAppender(): Promise<KafkaTransactions> {
    const id = `${this.#options.topicPrefix}.append-${this.#appenderId}`;
    const appender = this.#newTransactions(this.#transactionClients[0] as KafkaClient, id);
    await appender.open();
    return appender;
  }

  #join(group: string, topic: Topic): GroupMembership {
    const { name, partitions } = this.#facts(topic);
    const membership = new GroupMembership({
      client: this.#newClient(),
      group,
      topic: name,
      partitionCount: partitions,
      sessionTimeoutMs: this.#options.sessionTimeoutMs,
      note: this.#options.note,
    });
    this.#memberships.set(group, membership);
    return membership;
  }

  /** A document that cannot be unpacked is rejected by itself; of our own records none may be left out. */
  #unpackOf(name: string) {
    const { batchBytesMax, note } = this.#options;
    const isDocuments = name === this.#facts('documents').name;
    return {
      batchBytesMax,
      onUnreadable: (batch: { partition: number; base: number; next: number; why: string }) => {
        note('error', 'records-unreadable', { topic: name, ...batch });
        if (isDocuments) return;
        const where = `${name}/${batch.partition} at offset ${batch.base}`;
        throw new FlotillaError('log-unavailable', { where, why: `a batch of records is ${batch.why}` });
      },
    };
  }

  #batchBytesMax(name: string): number {
    for (const facts of this.#options.topics.values()) {
      if (facts.name === name) return facts.messageBytesMax - batchSlackBytes;
    }
    throw new RangeError(`there is no topic ${name}`);
  }

  #groupPosition({ group, topic, partition, offset, metadata }: Position): GroupPosition {
    return { group: this.#groupName(group), ...this.#place(topic, partition), offset, metadata };
  }

  /** Fleets share clusters, so groups carry the prefix too. */
  #groupName(group: string): string {
    return `${this.#options.topicPrefix}.${group}`;
  }

  #place(topic: Topic, partition: number): Place {
    return { topic: this.#facts(topic).name, partition };
  }

  #facts(topic: Topic): TopicFacts & { name: string } {
    const facts = this.#options.topics.get(topic);
    if (facts === undefined) throw new RangeError(`there is no topic ${topic}`);
    return facts;
  }

  async #named<T>(where: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw toLogError(error, where);
    }
  }
}
