import { FlotillaError } from '#errors/flotilla-error.ts';
import { ensureTopics, type TopicFacts } from './ensure-topics.ts';
import { KafkaClient } from './kafka-client.ts';
import { KafkaLog } from './kafka-log.ts';
import { type Note, seldom } from './note.ts';
import { planTopics, type TopicPlanOptions } from './topic-plan.ts';
import { connectTimeoutMs, type KafkaConnection, withAdmin } from './with-admin.ts';

export interface OpenKafkaLogOptions extends KafkaConnection, Partial<TopicPlanOptions> {
  /** Of topics that are made now. Default -1: what the brokers say. */
  replicationFactor?: number;
  /** Default true: topics that are missing are created. */
  mayCreateTopics?: boolean;
  /** A member that is silent for so long has lost its partitions. Default 6,000. */
  sessionTimeoutMs?: number;
  /** A transaction left open is aborted after so long, and readers go on (protocol C17). Default 15,000. */
  transactionTimeoutMs?: number;
  /** How long one call tries while brokers come and go. Default 10,000. */
  patienceMs?: number;
  requestTimeoutMs?: number;
  /** Of records read last. Default 16 MiB. */
  cacheBytes?: number;
  /** What the records of a compressed batch may grow to. Default 64 MiB. */
  batchBytesMax?: number;
  /** With work and no progress for so long, `health()` says so. Default 120,000. */
  stalledMs?: number;
  note?: Note;
  now?: () => number;
}

const topicPrefixDefault = 'flotilla';
const requestTimeoutMsDefault = 10_000;

/**
 * Opens the log of a fleet, creating its topics where they are missing.
 * @throws FlotillaError topic-unfit | log-forbidden | log-unavailable | invalid-config
 */
export async function openKafkaLog(options: OpenKafkaLogOptions): Promise<KafkaLog> {
  if (options.brokers.length === 0) {
    throw new FlotillaError('invalid-config', { where: 'brokers', why: 'there are none', fix: 'give host:port' });
  }
  const { topicPrefix = topicPrefixDefault, now = Date.now } = options;
  const note = seldom(options.note ?? (() => {}));
  const plans = planTopics({ ...options, topicPrefix });
  const facts = await prepareTopics(options, plans);
  const topics = new Map(
    plans.map(plan => [plan.topic, { ...(facts.get(plan.topic) as TopicFacts), name: plan.name }]),
  );
  const stopping = new AbortController();
  const requestTimeoutMs = options.requestTimeoutMs ?? requestTimeoutMsDefault;
  return new KafkaLog({
    topicPrefix,
    topics,
    newClient: () =>
      new KafkaClient({
        brokers: options.brokers,
        clientId: options.clientId ?? 'flotilla',
        ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
        ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
        requestTimeoutMs,
        connectTimeoutMs,
        topics: plans.map(({ name }) => name),
        note,
      }),
    patience: { totalMs: options.patienceMs ?? 10_000, signal: stopping.signal },
    sessionTimeoutMs: options.sessionTimeoutMs ?? 6_000,
    transactionTimeoutMs: options.transactionTimeoutMs ?? 15_000,
    cacheBytes: options.cacheBytes ?? 16 * 1024 * 1024,
    batchBytesMax: options.batchBytesMax ?? 64 * 1024 * 1024,
    stalledMs: options.stalledMs ?? 120_000,
    note,
    now,
    stop: () => stopping.abort(),
  });
}

async function prepareTopics(
  options: OpenKafkaLogOptions,
  plans: ReturnType<typeof planTopics>,
): Promise<Awaited<ReturnType<typeof ensureTopics>>> {
  const { replicationFactor = -1, mayCreateTopics = true, note = () => {} } = options;
  return withAdmin(options, admin =>
    ensureTopics({ admin, plans, replicationFactor, mayCreate: mayCreateTopics, note }),
  );
}
