import { type Topic, topics } from '#ports/log.ts';

const dayMs = 24 * 3_600_000;
const mebibyte = 1024 * 1024;

/** Two logs of a fleet never settle one shard differently, so this number is fixed for ever. */
export const settledPartitions = 32;
const journalPartitions = 1;
export const partitionsDefault = 8;

/** Kafka's word for "for ever". */
export const infiniteMs = -1;

/** What a topic must be like. `null` where anything will do. */
export interface TopicPlan {
  topic: Topic;
  /** As the brokers call it. */
  name: string;
  partitions: number;
  /** True where another number than this would break the log. */
  hasFixedPartitions: boolean;
  cleanupPolicy: 'delete' | 'compact';
  retentionMs: number;
  /** Of one batch of records, as it is sent. */
  messageBytesMax: number;
  /** The least that the largest record of this topic takes. */
  messageBytesLeast: number;
  /** The log's clock counts, not the producer's. */
  hasLogTime: boolean;
}

export interface TopicPlanOptions {
  topicPrefix: string;
  /** Any name; the others follow the prefix. */
  documentsTopic?: string | undefined;
  partitions?: Partial<Record<'documents' | 'results' | 'dead-letters', number>> | undefined;
  /** Ms; -1 keeps for ever, as journal, settled and recipes always are. */
  retentionMs?: Partial<Record<'documents' | 'results' | 'dead-letters', number>> | undefined;
}

const retentionDefaultMs = {
  documents: 14 * dayMs,
  results: 28 * dayMs,
  'dead-letters': 28 * dayMs,
} as const;

/** A result may have 15 MiB and its headers, a document 1 MiB, a batch in one SEALED 1,000 items. */
const messageBytes = {
  documents: { max: 4 * mebibyte, least: mebibyte + 64 * 1024 },
  journal: { max: 8 * mebibyte, least: mebibyte },
  settled: { max: 8 * mebibyte, least: mebibyte },
  results: { max: 16 * mebibyte, least: 16 * mebibyte },
  'dead-letters': { max: 16 * mebibyte, least: mebibyte + 64 * 1024 },
  recipes: { max: 8 * mebibyte, least: mebibyte },
} as const satisfies Record<Topic, { max: number; least: number }>;

/** The topics of a fleet, with the names of an installation. */
export function planTopics(options: TopicPlanOptions): TopicPlan[] {
  return topics.map(topic => ({
    topic,
    name: nameOf(topic, options),
    partitions: partitionsOf(topic, options),
    hasFixedPartitions: topic === 'journal' || topic === 'settled' || topic === 'recipes',
    cleanupPolicy: topic === 'recipes' ? 'compact' : 'delete',
    retentionMs: retentionOf(topic, options),
    messageBytesMax: messageBytes[topic].max,
    messageBytesLeast: messageBytes[topic].least,
    hasLogTime: topic !== 'documents',
  }));
}

function nameOf(topic: Topic, { topicPrefix, documentsTopic }: TopicPlanOptions): string {
  if (topic === 'documents' && documentsTopic !== undefined) return documentsTopic;
  return `${topicPrefix}.${topic}.v1`;
}

function retentionOf(topic: Topic, { retentionMs }: TopicPlanOptions): number {
  switch (topic) {
    // Who the fleet is, whose account it buys with and under which caps: the journal's oldest records, needed for ever.
    case 'journal':
    case 'settled':
    case 'recipes':
      return infiniteMs;
    default:
      return retentionMs?.[topic] ?? retentionDefaultMs[topic];
  }
}

function partitionsOf(topic: Topic, { partitions }: TopicPlanOptions): number {
  switch (topic) {
    case 'settled':
      return settledPartitions;
    case 'journal':
    case 'recipes':
      return journalPartitions;
    default:
      return partitions?.[topic] ?? partitionsDefault;
  }
}
