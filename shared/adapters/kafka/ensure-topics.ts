import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Topic } from '#ports/log.ts';
import { isLater } from './kafka-error.ts';
import type { Note } from './note.ts';
import { topicSettings } from './topic-commands.ts';
import { infiniteMs, type TopicPlan } from './topic-plan.ts';

export interface EnsureTopicsOptions {
  admin: Admin;
  plans: readonly TopicPlan[];
  /** Of topics that are made now; -1 leaves it to the brokers. */
  replicationFactor: number;
  /** False where topics are somebody else's to make. */
  mayCreate: boolean;
  note: Note;
}

/** What the brokers say of a topic. */
export interface TopicFacts {
  partitions: number;
  replicas: number;
  /** -1: for ever. */
  retentionMs: number;
  messageBytesMax: number;
  minInSync: number;
}

const configNames = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'max.message.bytes',
  'message.timestamp.type',
  'min.insync.replicas',
] as const;

const knownTriesMax = 100;
const knownPauseMs = 100;

/**
 * Makes the topics that are missing, and looks whether all of them are what the protocol needs.
 * @throws FlotillaError topic-unfit with what is wrong and how to correct it
 */
export async function ensureTopics(options: EnsureTopicsOptions): Promise<Map<Topic, TopicFacts>> {
  const { admin, plans, note } = options;
  await createMissing(options);
  const partitions = await onceKnown(() => partitionsOf(admin, plans));
  const settings = await onceKnown(() => settingsOf(admin, plans));
  const facts = new Map<Topic, TopicFacts>();
  for (const plan of plans) {
    const found = partitions.get(plan.name);
    const config = settings.get(plan.name);
    if (found === undefined || config === undefined) throw unfit(plan, 'it is not there', 'create it');
    checkTopic(plan, { partitions: found.count, config });
    facts.set(plan.topic, toFacts(found, config));
  }
  noteReplicas(facts, note);
  return facts;
}

export const toFacts = (found: FoundPartitions, config: ReadonlyMap<string, string>): TopicFacts => ({
  partitions: found.count,
  replicas: found.replicas,
  retentionMs: Number(config.get('retention.ms')),
  messageBytesMax: Number(config.get('max.message.bytes')),
  minInSync: Number(config.get('min.insync.replicas')),
});

async function createMissing({ admin, plans, replicationFactor, mayCreate, note }: EnsureTopicsOptions): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = plans.filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return;
  if (!mayCreate) {
    const fix = 'infra/kafka/create-topics.sh makes all of them; or let flotilla do so';
    throw unfit(missing[0] as TopicPlan, 'it is not there, and is not ours to create', fix);
  }
  const topics = missing.map(plan => toCreate(plan, replicationFactor));
  try {
    await admin.createTopics({ topics, waitForLeaders: false });
  } catch (error) {
    // Another process may have made them meanwhile; what is there now is looked at next.
    const named = (error as { errors?: { topic?: string; type?: string; message: string }[] }).errors ?? [];
    const [other] = named.filter(({ type }) => type !== 'TOPIC_ALREADY_EXISTS');
    if (named.length === 0) throw error;
    if (other) {
      const plan = missing.find(({ name }) => name === other.topic) ?? (missing[0] as TopicPlan);
      if (other.type?.endsWith('AUTHORIZATION_FAILED')) throw forbidden(plan, error);
      throw unfit(plan, `the brokers do not create it: ${other.message}`, 'create it yourself, or correct the brokers');
    }
  }
  for (const { name, partitions } of missing) note('info', 'topic-created', { topic: name, partitions });
}

const toCreate = (plan: TopicPlan, replicationFactor: number): ITopicConfig => ({
  topic: plan.name,
  numPartitions: plan.partitions,
  replicationFactor,
  configEntries: topicSettings(plan).map(([name, value]) => ({ name, value })),
});

/** What was made a moment ago, by us or by another process, is not known to every broker yet. */
async function onceKnown<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!isLater(error) || tries === knownTriesMax) throw error;
      await sleep(knownPauseMs);
    }
  }
}

export interface FoundPartitions {
  count: number;
  /** The fewest copies that one of them has, and has in sync. */
  replicas: number;
  inSync: number;
  /** Led by no broker: nobody reads or writes them. */
  withoutLeader: number[];
}

export async function partitionsOf(admin: Admin, plans: readonly TopicPlan[]): Promise<Map<string, FoundPartitions>> {
  const { topics } = await admin.fetchTopicMetadata({ topics: plans.map(({ name }) => name) });
  return new Map(
    topics.map(({ name, partitions }) => [
      name,
      {
        count: partitions.length,
        replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        inSync: Math.min(...partitions.map(({ isr }) => isr.length)),
        withoutLeader: partitions.flatMap(({ leader, partitionId }) => (leader < 0 ? [partitionId] : [])),
      },
    ]),
  );
}

export async function settingsOf(admin: Admin, plans: readonly TopicPlan[]): Promise<Map<string, Map<string, string>>> {
  const resources = plans.map(({ name }) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name,
    configNames: [...configNames],
  }));
  const { resources: described } = await admin.describeConfigs({ resources, includeSynonyms: false });
  return new Map(
    described.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}

/** @throws FlotillaError topic-unfit */
export function checkTopic(plan: TopicPlan, found: { partitions: number; config: ReadonlyMap<string, string> }): void {
  const { partitions, config } = found;
  const set = (name: string, value: string | number): string =>
    `kafka-configs.sh --alter --entity-type topics --entity-name ${plan.name} --add-config ${name}=${value}`;
  if (plan.hasFixedPartitions && partitions !== plan.partitions) {
    const why = `it has ${partitions} partitions, and has to have ${plan.partitions} for ever`;
    throw unfit(plan, why, 'use another topic prefix: partitions cannot be taken away');
  }
  const policy = config.get('cleanup.policy') ?? '';
  if (policy !== plan.cleanupPolicy) {
    throw unfit(plan, `its cleanup.policy is ${policy}`, set('cleanup.policy', plan.cleanupPolicy));
  }
  if (plan.cleanupPolicy === 'delete' && plan.topic !== 'documents' && Number(config.get('retention.bytes')) > 0) {
    throw unfit(plan, 'it is cut by size, whatever its age', set('retention.bytes', -1));
  }
  const keptMs = Number(config.get('retention.ms'));
  // Protocol §7 allows a finite one; a journal without its first records is another fleet (see the decisions).
  if ((plan.topic === 'journal' || plan.topic === 'settled') && keptMs !== infiniteMs) {
    const why = `its records go after ${inDays(keptMs)}: who the fleet is, its account and its caps among them`;
    throw unfit(plan, why, set('retention.ms', infiniteMs));
  }
  if (Number(config.get('max.message.bytes')) < plan.messageBytesLeast) {
    const why = `its max.message.bytes is ${config.get('max.message.bytes')}, less than its largest record takes`;
    throw unfit(plan, why, set('max.message.bytes', plan.messageBytesMax));
  }
  if (plan.hasLogTime && config.get('message.timestamp.type') !== 'LogAppendTime') {
    const why = 'its times are those of whoever writes: the order of two workers would depend on their clocks';
    throw unfit(plan, why, set('message.timestamp.type', 'LogAppendTime'));
  }
}

const inDays = (ms: number): string => `${Math.round((ms / 86_400_000) * 10) / 10} days`;

/** Fewer than two copies in sync are a single disk; that is the operator's decision, and worth a line. */
function noteReplicas(facts: ReadonlyMap<Topic, TopicFacts>, note: Note): void {
  for (const [topic, { replicas, minInSync }] of facts) {
    if (replicas > 1 && minInSync < 2) note('warn', 'topic-one-copy', { topic, replicas, minInSync });
  }
}

const forbidden = ({ name }: TopicPlan, cause: unknown): FlotillaError =>
  new FlotillaError('log-forbidden', {
    where: `topic ${name}`,
    why: 'we may neither see nor create it',
    cause,
  });

const unfit = ({ name }: TopicPlan, why: string, fix: string): FlotillaError =>
  new FlotillaError('topic-unfit', { where: `topic ${name}`, why, fix });
