import { z } from 'zod';
import { customIdCharactersMax } from '#core/limits.ts';
import { isCustomId } from './custom-id-field.ts';

/**
 * What a producer may publish, for its types and for the JSON Schema in `infra/schemas`. Records are read by
 * `parse-document.ts`, which is faster and says what is wrong; a test holds the two together.
 */

const customId = z
  .string()
  .min(1)
  .refine(isCustomId, { error: `must have 1 to ${customIdCharactersMax} characters` })
  .meta({
    maxLength: customIdCharactersMax,
    description: "The producer's name for the document; echoed in its answer.",
  });

const metadata = z.unknown().optional().describe('Any JSON; echoed in the answer as it came.');

const message = z.looseObject({
  content: z.union([z.string(), z.array(z.looseObject({}))]).describe('Text, or blocks of the provider.'),
});
const messages = z.array(message).min(1);

/** Provider parameters, passed on untouched: only what would fail every model is checked. */
export const anthropicDocumentSchema = z
  .strictObject({
    custom_id: customId,
    params: z.looseObject({ model: z.string().min(1), max_tokens: z.int().min(1), messages }),
    metadata,
  })
  .meta({ title: 'Anthropic request', description: 'One request of a Message Batch, passed on untouched.' });

const native = {
  custom_id: customId,
  task: z.string().min(1).optional().describe('A task of the configuration; else the header flotilla-task names it.'),
  metadata,
  reuse: z
    .boolean()
    .optional()
    .describe('False: it wants an answer of its own, also where its task gives answers again (`answers.cache`).'),
};

/** For a task of the configuration, with one of three bodies. */
export const nativeDocumentSchema = z
  .union([
    z.strictObject({ ...native, content: z.string().min(1).describe('Text.') }),
    z.strictObject({ ...native, data: z.json().describe('Any JSON.') }),
    z.strictObject({ ...native, messages: messages.describe('Messages of the provider.') }),
  ])
  .meta({ title: 'Native document', description: 'A document for a task; exactly one of content, data and messages.' });

export const documentSchema = z
  .union([anthropicDocumentSchema, ...nativeDocumentSchema.options])
  .meta({ title: 'Document', description: 'One unit of work: the value of a record of the documents topic.' });

export type DocumentInput = z.input<typeof documentSchema>;
