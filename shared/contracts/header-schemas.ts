import { z } from 'zod';
import { deadLetterAliases, headerNames } from '#core/headers.ts';
import { eventCharactersMax, headerCharactersMax } from '#core/limits.ts';
import { causes } from '#core/outcome.ts';
import { ridSchema } from './result-schema.ts';

/** Headers by record, as `infra/asyncapi.yaml` shows them. They are read and written in core; a test holds the three together. */

const name = z.string().max(headerCharactersMax);
const whole = z.string().regex(/^\d{1,15}$/);
const event = z.string().max(eventCharactersMax);

const traceContext = {
  [headerNames.traceparent]: z
    .string()
    .optional()
    .describe('W3C trace context. Malformed, it counts as absent. Echoed.'),
  [headerNames.tracestate]: z.string().max(512).optional().describe('Goes with traceparent. Echoed.'),
};

const eventIdentity = {
  [headerNames.eventId]: event.optional().describe('CloudEvents id. Echoed.'),
  [headerNames.eventSource]: event.optional().describe('CloudEvents source. Echoed.'),
  [headerNames.eventType]: event.optional().describe('CloudEvents type. Echoed.'),
};

const idempotencyKey = {
  [headerNames.idempotencyKey]: name
    .optional()
    .describe('Claimed for the document: a later one with the same key ends as duplicate and is not bought. Echoed.'),
};

const run = {
  [headerNames.run]: name
    .optional()
    .describe('Documents of one run are followed, capped and canceled together. Echoed.'),
};
const tenant = {
  [headerNames.tenant]: name
    .optional()
    .describe('Shares no batch with another tenant. Counts only where the topic is trusted with it. Echoed.'),
};
const replayOf = { [headerNames.replayOf]: ridSchema.optional() };

/** All optional; an empty one counts as absent, of a repeated one the last counts. */
export const documentHeadersSchema = z
  .object({
    [headerNames.task]: z.string().optional().describe('Task of a document that names none itself.'),
    [headerNames.deadline]: z
      .string()
      .optional()
      .describe('Latest time to buy it: ISO 8601, or ms since 1970. Five days from its append when absent.'),
    ...idempotencyKey,
    ...traceContext,
    [headerNames.eventVersion]: z
      .string()
      .optional()
      .describe('CloudEvents binary mode, 1.x. With id, source and type the event claims a key unless it brings one.'),
    ...eventIdentity,
    ...tenant,
    ...run,
    [headerNames.line]: whole.optional().describe('Line of the input it came from. Echoed in dead letters.'),
    ...replayOf,
    [headerNames.reuse]: z
      .enum(['yes', 'no'])
      .optional()
      .describe('no: it wants an answer of its own, also where its task gives answers again.'),
    [headerNames.replayCount]: whole.optional().describe('Which replay it is, from 1; more than three are refused.'),
  })
  .meta({ title: 'Headers of a document' });

const answer = {
  [headerNames.rid]: ridSchema,
  [headerNames.att]: whole.describe('Attempt that was answered, from 0.'),
  [headerNames.bk]: z.string().describe('Key of the batch it was in.'),
  [headerNames.outcome]: z.string().describe('As in the value of the result.'),
  ...run,
  ...tenant,
  ...replayOf,
  ...idempotencyKey,
  ...traceContext,
  ...eventIdentity,
};

/** A producer's other headers are echoed too, but for what describes the value. */
export const resultHeadersSchema = z
  .object({
    ...answer,
    [headerNames.requestKey]: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('Names the request it answers, where its task gives answers again (`answers.cache`).'),
    [headerNames.reusedFrom]: ridSchema.optional().describe('The document whose answer it was first.'),
  })
  .meta({ title: 'Headers of a result' });

const deadLetterOnly = {
  [headerNames.documentId]: z.string().optional().describe("The producer's custom_id, where it could be read."),
  [headerNames.reason]: z.string().describe('Code of why it failed (infra/errors.md).'),
  [headerNames.class]: z
    .enum([...new Set(Object.values(causes).map(row => row.class))])
    .describe('Whose fault that is.'),
  [headerNames.where]: z.string().optional().describe('Where in the document, such as params.max_tokens.'),
  [headerNames.message]: z.string().describe('Why, in one sentence; 1 KiB at most.'),
  [headerNames.attempts]: whole.describe('Purchases that were made for it.'),
  [headerNames.group]: z.string().describe('Consumer group that read it.'),
  [headerNames.originTopic]: z.string().describe('Topic it came from.'),
  [headerNames.originPartition]: whole.describe('Partition of that.'),
  [headerNames.originOffset]: whole.describe('Offset in that.'),
  [headerNames.originTimestamp]: whole.describe('Time of that record, ms since 1970.'),
  [headerNames.replayCount]: whole.describe('How often it was replayed before.'),
  [headerNames.line]: whole.optional().describe('Line of the input it came from.'),
  [headerNames.original]: z
    .string()
    .optional()
    .describe('Where the original bytes are, when they are too many for this topic: topic/partition/offset.'),
};

const aliases = Object.fromEntries(
  Object.entries(deadLetterAliases).map(([alias, original]) => [
    alias,
    z.string().describe(`The same as ${original}, where other tools look for it.`),
  ]),
);

export const deadLetterHeadersSchema = z
  .object({ ...answer, ...deadLetterOnly, ...aliases })
  .meta({ title: 'Headers of a dead letter' });
