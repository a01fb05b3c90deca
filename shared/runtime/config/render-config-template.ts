import {
  answersEntriesDefault,
  answersTtlMsDefault,
  holdBackDefault,
  maxTokensDefault,
  primesPerHourDefault,
} from '#contracts/config-defaults.ts';
import { batchItemsDefault, laneAgeMsDefault } from '#core/limits.ts';
import { retryPolicyDefault } from '#core/recipe.ts';

/**
 * The file that `flotilla init` writes. It imports nothing, so that it loads in any folder, and what is commented out
 * are the defaults.
 */
export const renderConfigTemplate =
  (): string => `// Flotilla's configuration. Flags and environment variables win over what stands here;
// \`flotilla config print --sources\` shows what holds, and why.
export default {
  version: 1,

  providers: {
    anthropic: {
      // The key comes from ANTHROPIC_API_KEY, or from the file that ANTHROPIC_API_KEY_FILE names.
      // Without a key everything runs against a simulator, and every summary says so.
      // createsAtOnce: 4,
      // openBatchesMax: 1000,
    },
  },

  // A native document names its task: {"custom_id": "a-1", "task": "classify", "content": "…"}
  tasks: {
    classify: {
      model: 'claude-haiku-5-5',
      instructions: 'Say whether the text is praise, a complaint or a question.',
      // JSON Schema of the answer. Leave it out for text. Every object needs additionalProperties: false.
      output: {
        type: 'object',
        properties: {
          kind: { type: 'string', enum: ['praise', 'complaint', 'question', 'other'] },
        },
        required: ['kind'],
        additionalProperties: false,
      },
      // maxTokens: ${maxTokensDefault},
      // A batch is sent when it has so many documents, or when its first one is so old.
      // lane: { items: ${batchItemsDefault}, ageMs: ${laneAgeMsDefault} },
      // Documents with the same request get the same answer, bought once.
      // answers: { cache: false, ttlMs: ${answersTtlMsDefault}, entriesMax: ${answersEntriesDefault} },
      // Documents that fail for a while are tried again after so many milliseconds, give or take 20 %.
      // retry: { delaysMs: ${JSON.stringify(retryPolicyDefault.delaysMs)}, jitter: ${retryPolicyDefault.jitter} },
    },
  },

  // Bounds for documents that carry the provider's own parameters.
  // lane: { items: ${batchItemsDefault}, ageMs: ${laneAgeMsDefault} },

  // Prefixes that documents share carry cache markers where that pays, measured against a share that goes without.
  // 'shadow' only says what it would do, 'off' does nothing.
  cache: { mode: 'on' /*, holdBack: ${holdBackDefault}, primesPerHour: ${primesPerHourDefault} */ },

  // Folder of the log, beside this file.
  // state: '.flotilla',
};
`;
