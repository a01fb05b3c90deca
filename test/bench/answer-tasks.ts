import root from '../../flotilla.config.ts';

/** What a configuration says of a task. */
export interface AnswerTask {
  schema: Readonly<Record<string, unknown>> | null;
  instructions: string;
  maxTokens: number;
}

const maxTokensDefault = 400;

const object = (properties: Record<string, unknown>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const person = object({
  name: { type: 'string' },
  role: { type: ['string', 'null'] },
  since: { type: 'string', format: 'date' },
});

const issue = object({ severity: { enum: ['low', 'medium', 'high'] }, description: { type: 'string' } });

const { classify, summarise } = root.tasks ?? {};
if (!classify || !summarise)
  throw new Error('the configuration of the repository has no tasks "classify" and "summarise"');

/** Tasks of many shapes, from one flag to lists of objects, and texts. */
export const answerTasks: Readonly<Record<string, AnswerTask>> = {
  flag: { schema: object({ isSpam: { type: 'boolean' } }), instructions: 'Is it spam?', maxTokens: 200 },
  label: {
    schema: object({ label: { type: 'string', enum: ['library', 'tool', 'framework', 'types', 'data', 'other'] } }),
    instructions: 'Label the package.',
    maxTokens: 200,
  },
  score: {
    schema: object({ score: { type: 'integer', description: 'From 1 to 10.' }, confidence: { type: 'number' } }),
    instructions: 'How well is it written?',
    maxTokens: 200,
  },
  classify: {
    schema: classify.output as Readonly<Record<string, unknown>>,
    instructions: classify.instructions ?? '',
    maxTokens: classify.maxTokens ?? maxTokensDefault,
  },
  extract: {
    schema: {
      $defs: { person },
      ...object({
        title: { type: 'string' },
        people: { type: 'array', items: { $ref: '#/$defs/person' } },
        places: { type: 'array', items: { type: 'string' } },
      }),
    },
    instructions: 'List who and where is named in the text.',
    maxTokens: 1_000,
  },
  review: {
    schema: object({
      verdict: { enum: ['accept', 'reject', 'revise'] },
      reason: { type: 'string' },
      issues: { type: 'array', items: issue },
    }),
    instructions: 'Review the text.',
    maxTokens: 1_000,
  },
  summarise: {
    schema: null,
    instructions: summarise.instructions ?? '',
    maxTokens: summarise.maxTokens ?? maxTokensDefault,
  },
  translate: { schema: null, instructions: 'Translate the text into French.', maxTokens: 2_000 },
};
