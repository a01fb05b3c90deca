import fc from 'fast-check';

/** Valid request parameters of every shape that a marker can meet; small enough to be made by the ten thousand. */
const text = fc.constantFrom(
  'a',
  'b',
  'some "quoted" text\n',
  '"messages":[',
  '],"messages":[',
  'Straße 東京',
  '\\u0041',
);

const marker = fc.oneof(
  { weight: 30, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '5m' }) },
);

const textBlock = fc.record({
  type: fc.constant('text'),
  text: fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constant('') }),
});

const image = fc.constant({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } });

const thinking = fc.constant({ type: 'thinking', thinking: 'because', signature: 's' });

const withMarker = <T extends object>(block: fc.Arbitrary<T>): fc.Arbitrary<T & { cache_control?: object }> =>
  fc.tuple(block, marker).map(([content, own]) => (own ? { ...content, cache_control: own } : content));

const userContent = fc.oneof(
  text,
  fc.array(fc.oneof({ weight: 6, arbitrary: withMarker(textBlock) }, { weight: 1, arbitrary: image }), {
    minLength: 1,
    maxLength: 3,
  }),
);

const assistantContent = fc.oneof(
  text,
  fc.array(fc.oneof({ weight: 4, arbitrary: textBlock }, { weight: 1, arbitrary: thinking }), {
    minLength: 1,
    maxLength: 3,
  }),
);

const messages = fc
  .tuple(fc.array(fc.tuple(userContent, assistantContent), { maxLength: 2 }), userContent)
  .map(([turns, last]) => [
    ...turns.flatMap(([user, assistant]) => [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ]),
    { role: 'user', content: last },
  ]);

const tool = fc.record({
  name: fc.constantFrom('look', 'messages', 'find'),
  input_schema: fc.constant({ type: 'object', properties: {} }),
});

const format = fc.constant({
  type: 'json_schema',
  schema: { type: 'object', properties: {}, additionalProperties: false },
});

/** Keys come in any order, as producers write them. */
export const requests: fc.Arbitrary<Record<string, unknown>> = fc
  .record(
    {
      model: fc.constantFrom('claude-haiku-4-5', 'claude-sonnet-5-5', 'claude-opus-4-6-20260203'),
      max_tokens: fc.integer({ min: 1, max: 4_096 }),
      messages,
      system: fc.oneof(text, fc.array(withMarker(textBlock), { maxLength: 3 })),
      tools: fc.array(withMarker(tool), { maxLength: 2 }),
      tool_choice: fc.constantFrom({ type: 'auto' }, { type: 'none' }),
      thinking: fc.constantFrom({ type: 'disabled' }, { type: 'adaptive' }),
      output_config: fc.oneof(fc.record({ format }), fc.record({ effort: fc.constant('low') }), fc.constant({})),
      metadata: fc.constant({ user_id: 'u' }),
    },
    { requiredKeys: ['model', 'max_tokens', 'messages'] },
  )
  .chain(request => fc.shuffledSubarray(Object.entries(request), { minLength: Object.keys(request).length }))
  .map(entries => Object.fromEntries(entries));
