import { z } from 'zod';
import { causes, type OutcomeName } from '#core/outcome.ts';
import { type ErrorCode, errorCatalogue } from '#errors/catalogue.ts';

const outcomes = [...new Set<OutcomeName>(['succeeded', ...Object.values(causes).map(({ outcome }) => outcome)])];
const classes = [...new Set(Object.values(causes).map(row => row.class))];
const tokens = z.int().nonnegative();
const dollars = z.string().regex(/^\d+(\.\d{1,11})?$/);

export const ridSchema = z
  .string()
  .regex(/^\d{1,9}\/\d{1,15}$/)
  .describe('Where the document stands in the documents topic: partition/offset.');

/** The one answer of a document, as `core/terminal.ts` writes it. What a newer version adds is ignored. */
export const resultSchema = z
  .object({
    custom_id: z.string().nullable().describe("The producer's name; null when it could not be read."),
    rid: ridSchema,
    outcome: z.enum(outcomes).describe('How the document ended.'),
    reused_from: ridSchema
      .optional()
      .describe(
        'The document whose answer it is, where the task gives answers again (`answers.cache`); it cost nothing.',
      ),
    output: z.unknown().optional().describe('Typed when the task has a schema, else text. Only of what succeeded.'),
    cause: z
      .enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]])
      .optional()
      .describe('Code of why it failed (infra/errors.md).'),
    class: z.enum(classes).optional().describe('Whose fault that is.'),
    message: z.string().optional().describe('Where and why, in one sentence.'),
    body: z.unknown().optional().describe("The provider's message or error as it came."),
    usage: z
      .object({
        input_tokens: tokens,
        output_tokens: tokens,
        cache_read_input_tokens: tokens,
        cache_creation_5m_input_tokens: tokens,
        cache_creation_1h_input_tokens: tokens,
      })
      .optional()
      .describe('Tokens as billed.'),
    cost: z
      .object({ billed_usd: dollars, individual_usd: dollars })
      .optional()
      .describe('What it cost, and what it would have cost alone. Absent when the price is unknown.'),
    attempts: z.int().nonnegative().describe('Purchases that were made for it.'),
    raised_max_tokens: z
      .int()
      .positive()
      .optional()
      .describe('An earlier answer was cut: this one was asked for with so many tokens at most.'),
    metadata: z.unknown().optional().describe('As it came with the document.'),
  })
  .meta({ title: 'Result', description: 'The one answer of a document, failures included.' });

/** An answer; `Output` is what its task's schema says. */
export type Answer<Output = unknown> = Omit<z.output<typeof resultSchema>, 'output'> & { output?: Output };
