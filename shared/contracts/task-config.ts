import { z } from 'zod';
import { batchBytesMax, batchItemsDefault, batchItemsMax, batchTokensMax, laneAgeMsDefault } from '#core/limits.ts';
import { retryPolicyDefault } from '#core/recipe.ts';
import { taskCacheConfigSchema } from './cache-config.ts';
import {
  answersEntriesDefault,
  answersEntriesMax,
  answersTtlMsDefault,
  answersTtlMsMax,
  laneAgeMsMax,
  maxTokensDefault,
  retryDelayMsMax,
  retryDelaysMax,
  taskNameCharactersMax,
} from './config-defaults.ts';
import { outputSetting } from './output-setting.ts';

/** When a lane of documents that may share a batch closes and is sent. */
export const laneConfigSchema = z.strictObject({
  items: z.int().min(1).max(batchItemsMax).default(batchItemsDefault).describe('Documents in one batch.'),
  ageMs: z
    .int()
    .min(0)
    .max(laneAgeMsMax)
    .default(laneAgeMsDefault)
    .describe('A batch is sent at the latest this long after its first document, in ms.'),
  bytes: z.int().min(1).max(batchBytesMax).default(batchBytesMax).describe('Bytes of the requests of one batch.'),
  tokens: z.int().min(1).max(batchTokensMax).default(batchTokensMax).describe('Estimated input tokens of one batch.'),
});

const retryConfigSchema = z.strictObject({
  delaysMs: z
    .array(z.int().min(0).max(retryDelayMsMax))
    .max(retryDelaysMax)
    .default([...retryPolicyDefault.delaysMs])
    .describe('Waits before the first, second and third retry of a document, in ms. An empty list: no retries.'),
  jitter: z
    .number()
    .min(0)
    .max(1)
    .default(retryPolicyDefault.jitter)
    .describe('Share by which a wait is lengthened or shortened, so that retries do not come all at once.'),
});

const answersConfigSchema = z.strictObject({
  cache: z
    .boolean()
    .default(false)
    .describe(
      'Documents with the same request get the same answer, bought once. A document can refuse: `"reuse": false`.',
    ),
  ttlMs: z
    .int()
    .min(1_000)
    .max(answersTtlMsMax)
    .default(answersTtlMsDefault)
    .describe('How long an answer may be given again, in ms.'),
  entriesMax: z
    .int()
    .min(10)
    .max(answersEntriesMax)
    .default(answersEntriesDefault)
    .describe('Answers of the task that are remembered.'),
});

const taskNamePattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${taskNameCharactersMax - 1}}$`);

export const taskNameSchema = z
  .string()
  .regex(
    taskNamePattern,
    `a task's name has 1 to ${taskNameCharactersMax} of A-Z a-z 0-9 . _ - and begins with a letter or digit`,
  );

export const taskConfigSchema = z.strictObject({
  provider: z.enum(['anthropic']).default('anthropic').describe('Who answers.'),
  model: z.string().min(1).describe('The model, by its name at the provider.'),
  instructions: z.string().min(1).optional().describe('System prompt: the same for every document of the task.'),
  output: outputSetting.optional().meta({
    description: 'What an answer must look like; without it an answer is text.',
    shownAs: 'JSON Schema or zod schema',
  }),
  maxTokens: z
    .int()
    .min(1)
    .default(maxTokensDefault)
    .describe('Longest answer, in tokens. It bounds what a document can cost.'),
  maxTokensMax: z
    .int()
    .min(1)
    .optional()
    .describe(
      'An answer that was cut is asked for once more with twice `maxTokens`, but never with more than this. Default: what the model allows.',
    ),
  canary: z
    .boolean()
    .default(false)
    .describe(
      'Each answer repeats a code of its own, so that answers swapped by the provider are noticed. Needs `output`.',
    ),
  lane: laneConfigSchema.prefault({}).describe('When its batches close.'),
  answers: answersConfigSchema.prefault({}).describe('Answers that are given again.'),
  cache: taskCacheConfigSchema.prefault({}).describe('Prompt cache of the provider.'),
  retry: retryConfigSchema.prefault({}).describe('What fails for a while is tried again.'),
});

export type AnswersConfig = z.output<typeof answersConfigSchema>;
export type LaneConfig = z.output<typeof laneConfigSchema>;
export type TaskConfig = z.output<typeof taskConfigSchema>;
