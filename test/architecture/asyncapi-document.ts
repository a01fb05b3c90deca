import { stringify } from 'yaml';
import { planTopics, type TopicPlan } from '#adapters/kafka/topic-plan.ts';
import type { Topic } from '#ports/log.ts';
import { type SchemaName, schemaPath } from './json-schemas.ts';

export const asyncApiPath = 'infra/asyncapi.yaml';

interface MessageFacts {
  name: string;
  title: string;
  /** What the topic holds, for whoever publishes to it or reads it. */
  about: string;
  key: string;
  /** Null: the bytes that a producer sent, whatever they are. */
  payload: SchemaName | null;
  headers: SchemaName | null;
  /** What the fleet does with the topic; the rest of them it keeps for itself. */
  action: 'receive' | 'send';
  isInternal: boolean;
  examples?: readonly { name: string; headers: Record<string, string>; payload: unknown }[];
}

const customIdKey = "The producer's custom_id; where it could not be read, the key that the document came with.";

/** By topic, so that one that is added needs its words here. */
const messages: Readonly<Record<Topic, MessageFacts>> = {
  documents: {
    name: 'document',
    title: 'Document',
    about:
      'One unit of work. Anybody may publish it; a bare line without key and headers is enough. What is no document is ' +
      'answered too, by a reject that says why.',
    key: 'Any. What belongs together may share one; answers have the custom_id.',
    payload: 'document',
    headers: 'document-headers',
    action: 'receive',
    isInternal: false,
    examples: [
      { name: 'bare', headers: {}, payload: { custom_id: 'a', task: 'summarise', content: 'The harbour was built …' } },
      {
        name: 'with headers',
        headers: {
          'flotilla-task': 'summarise',
          'idempotency-key': 'order-17',
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
        payload: { custom_id: 'b', data: { name: 'left-pad' }, metadata: { shelf: 7 } },
      },
    ],
  },
  results: {
    name: 'result',
    title: 'Result',
    about:
      'The one answer of a document, failures included. Read it with isolation level read_committed; whoever cannot takes ' +
      'the first of each flotilla-rid. A producer’s own headers are echoed.',
    key: customIdKey,
    payload: 'result',
    headers: 'result-headers',
    action: 'send',
    isInternal: false,
  },
  'dead-letters': {
    name: 'deadLetter',
    title: 'Dead letter',
    about:
      'What failed, once more: the original bytes, with origin and reason in headers. Published again to the documents ' +
      'topic as it is, with its headers, it is a replay that is bought once.',
    key: customIdKey,
    payload: null,
    headers: 'dead-letter-headers',
    action: 'send',
    isInternal: false,
  },
  journal: {
    name: 'journalRecord',
    title: 'Journal record',
    about: 'Who claimed which document, intents, provider ids, reserves. Written by the fleet alone.',
    key: 'None.',
    payload: 'journal-record',
    headers: null,
    action: 'send',
    isInternal: true,
  },
  settled: {
    name: 'settledRecord',
    title: 'Settled batch',
    about: 'What was collected, in the transaction of its results. Written by the fleet alone.',
    key: 'Key of the batch.',
    payload: 'settled-record',
    headers: null,
    action: 'send',
    isInternal: true,
  },
  recipes: {
    name: 'recipe',
    title: 'Recipe',
    about: 'A task as a batch was built with it. Written by the fleet alone.',
    key: 'Hash of the content.',
    payload: 'recipe',
    headers: null,
    action: 'send',
    isInternal: true,
  },
};

/** The contract of a fleet's topics, as AsyncAPI 3. @param madeBy the command that writes the file */
export function asyncApiText(madeBy: string): string {
  const plans = planTopics({ topicPrefix: '{prefix}' });
  const named = plans.map(plan => ({ plan, message: messages[plan.topic] }));
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Flotilla',
      version: '1',
      description:
        'Topics, keys, headers and values of a fleet. A version of a topic’s name stands for its records: fields and ' +
        'headers are only added, and readers ignore what they do not know.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(named.map(({ plan, message }) => [plan.topic, channelOf(plan, message)])),
    operations: Object.fromEntries(
      named.map(({ plan, message }) => [operationName(message), operationOf(plan, message)]),
    ),
    components: { messages: Object.fromEntries(named.map(({ message }) => [message.name, messageOf(message)])) },
  };
  return `# Made by \`${madeBy}\`; a test compares it with the code.\n${stringify(document, { lineWidth: 120 })}`;
}

const bindingVersion = '0.5.0';

function channelOf(plan: TopicPlan, { name, title, about, isInternal }: MessageFacts): object {
  return {
    address: plan.name,
    title: `${title} topic`,
    description: about,
    parameters: {
      prefix: {
        default: 'flotilla',
        description: 'kafka.topicPrefix, so that fleets may share a cluster. The documents topic may have any name.',
      },
    },
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    bindings: {
      kafka: {
        partitions: plan.partitions,
        topicConfiguration: {
          'cleanup.policy': [plan.cleanupPolicy],
          'retention.ms': plan.retentionMs,
          'max.message.bytes': plan.messageBytesMax,
        },
        bindingVersion,
      },
    },
    ...(isInternal ? { tags: [{ name: 'internal' }] } : {}),
  };
}

const operationName = ({ action, name }: MessageFacts): string => `${action}${name[0]?.toUpperCase()}${name.slice(1)}`;

const operationOf = ({ topic }: TopicPlan, { action, name }: MessageFacts): object => ({
  action,
  channel: { $ref: `#/channels/${topic}` },
  messages: [{ $ref: `#/channels/${topic}/messages/${name}` }],
});

function messageOf({ name, title, key, payload, headers, examples }: MessageFacts): object {
  const contentType = payload === null ? 'application/octet-stream' : 'application/json';
  return {
    name,
    title,
    contentType,
    ...(headers === null ? {} : { headers: { $ref: refOf(headers) } }),
    payload: payload === null ? { description: 'The bytes of the document, untouched.' } : { $ref: refOf(payload) },
    bindings: { kafka: { key: { type: ['string', 'null'], description: key }, bindingVersion } },
    ...(examples === undefined ? {} : { examples }),
  };
}

const refOf = (name: SchemaName): string => `./${schemaPath(name).slice('infra/'.length)}`;
