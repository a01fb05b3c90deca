import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import { codeOf, codes, KafkaError } from './kafka-error.ts';
import type { Broker, Connection, KafkaLogEntry, ProtocolRequest } from './kafkajs-types.ts';
import type { Note } from './note.ts';
import { repairKafkajs } from './repair-kafkajs.ts';

export interface KafkaClientOptions {
  brokers: readonly string[];
  clientId: string;
  ssl?: boolean | TlsOptions;
  sasl?: SASLOptions;
  /** A request that is not answered for so long has failed. */
  requestTimeoutMs: number;
  connectTimeoutMs: number;
  /** All that will be asked for, as the broker calls them. */
  topics: readonly string[];
  note: Note;
}

const metadataAgeMsMax = 300_000;
const fetchConnection = 1;

/**
 * The connections to a cluster: one for fetches and one for all else, to each broker. A broker answers the requests of a
 * connection one after the other, so whoever waits long takes a client of its own.
 */
export class KafkaClient {
  readonly #cluster: Cluster;
  readonly requestTimeoutMs: number;
  readonly #topics: readonly string[];
  readonly #coordinators = new Map<string, Promise<number | string>>();
  #ready: Promise<void> | null = null;
  #refreshing: Promise<void> | null = null;

  constructor(options: KafkaClientOptions) {
    repairKafkajs();
    const { brokers, clientId, ssl, sasl, requestTimeoutMs, connectTimeoutMs, note } = options;
    this.requestTimeoutMs = requestTimeoutMs;
    this.#topics = options.topics;
    this.#cluster = new Cluster({
      logger: loggers.createLogger({ level: loggers.LEVELS.WARN, logCreator: () => relay(note) }),
      socketFactory: createSocketFactory(),
      brokers: [...brokers],
      clientId,
      ssl: ssl === true ? {} : ssl || undefined,
      sasl,
      connectionTimeout: connectTimeoutMs,
      authenticationTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      enforceRequestTimeout: true,
      metadataMaxAge: metadataAgeMsMax,
      allowAutoTopicCreation: false,
      // Who asks decides how long it is tried; here only what a changed leader or another seed broker may cure.
      retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 500 },
    });
  }

  /** At the first request. @throws when a broker cannot be reached, or one of the topics is not there */
  async connect(): Promise<void> {
    this.#ready ??= this.#cluster.connect().then(() => this.#cluster.addMultipleTargetTopics(this.#topics));
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = null;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#cluster.disconnect();
  }

  async leader(topic: string, partition: number): Promise<Broker> {
    await this.connect();
    await this.#cluster.refreshMetadataIfNecessary();
    const found = this.#cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
    if (found === undefined) throw new KafkaError(codes.unknownTopicOrPartition, `${topic}/${partition}`);
    if (found.leader < 0) throw new KafkaError(codes.leaderNotAvailable, `${topic}/${partition}`);
    return this.#cluster.findBroker({ nodeId: found.leader });
  }

  /** Partitions of each broker that leads some of them. */
  async byLeader<T extends { topic: string; partition: number }>(all: readonly T[]): Promise<Map<Broker, T[]>> {
    const groups = new Map<Broker, T[]>();
    for (const each of all) {
      const broker = await this.leader(each.topic, each.partition);
      const group = groups.get(broker);
      if (group === undefined) groups.set(broker, [each]);
      else group.push(each);
    }
    return groups;
  }

  partitionCount(topic: string): number {
    return this.#cluster.findTopicPartitionMetadata(topic).length;
  }

  async controller(): Promise<Broker> {
    await this.connect();
    return this.#cluster.findControllerBroker();
  }

  /** Who looks after a group or a transactional id; remembered, because it hardly ever changes. */
  async coordinator(kind: 'group' | 'transaction', id: string): Promise<Broker> {
    await this.connect();
    const key = `${kind} ${id}`;
    const known = this.#coordinators.get(key);
    if (known !== undefined) return this.#cluster.findBroker({ nodeId: await known });
    const asked = this.#cluster.findGroupCoordinator({ groupId: id, coordinatorType: kind === 'group' ? 0 : 1 });
    const node = asked.then(broker => broker.nodeId);
    this.#coordinators.set(key, node);
    node.catch(() => this.#coordinators.delete(key));
    return asked;
  }

  /** Asks anew who leads what, once for all who ask at the same time. */
  async refresh(): Promise<void> {
    await this.connect();
    this.#coordinators.clear();
    this.#refreshing ??= this.#cluster.refreshMetadata().finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
  }

  async send<Reply>(broker: Broker, request: ProtocolRequest<Reply>): Promise<Reply> {
    try {
      return await broker.connectionPool.send(request);
    } catch (error) {
      if (codeOf(error) === null) this.#hangUp(broker, request, error as Error);
      throw error;
    }
  }

  /** A connection that does not answer is not asked again: kafkajs itself would keep it, and wait again each time. */
  #hangUp(broker: Broker, { request }: ProtocolRequest<unknown>, error: Error): void {
    if (error.name !== 'KafkaJSRequestTimeoutError') return;
    const index = request.apiName === 'Fetch' ? fetchConnection : 0;
    const connection = broker.connectionPool.pool[index] as Connection;
    connection.rejectRequests(error);
    connection.disconnect().catch(() => {});
  }
}

/** What kafkajs complains about. A request that was refused is left out: whoever sent it is told, and says so if it matters. */
const relay =
  (note: Note) =>
  ({ level, log: { message, broker } }: KafkaLogEntry): void => {
    if (message.startsWith('Response ')) return;
    note(level <= loggers.LEVELS.ERROR ? 'error' : 'warn', 'kafka-client', { message, broker });
  };
