import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { buildRequest, canaryCode, canaryField } from './build-request.ts';
import type { Ask } from './document.ts';
import { asIsRecipe, type Recipe } from './recipe.ts';

const task: Recipe = {
  ...asIsRecipe,
  task: 'classify',
  model: 'claude-haiku-4-5',
  instructions: 'Say what it is.',
  maxTokens: 200,
  outputSchema: {
    type: 'object',
    properties: { label: { type: 'string' } },
    required: ['label'],
    additionalProperties: false,
  },
};
const claim = { partition: 0, offset: 7, att: 0 };
const parse = (text: string) => JSON.parse(text) as Record<string, unknown>;

const ask: fc.Arbitrary<Ask> = fc.oneof(
  fc
    .dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
    .map(params => ({ shape: 'as-is', provider: 'anthropic', params }) as const),
  fc.string().map(content => ({ shape: 'content', content }) as const),
  fc.array(fc.jsonValue(), { maxLength: 3 }).map(messages => ({ shape: 'messages', messages }) as const),
);

describe('buildRequest', () => {
  it('is a pure function: whoever builds it sends the same bytes (C3)', () => {
    const recipes = fc.constantFrom(task, { ...task, canary: true }, { ...task, outputSchema: null }, asIsRecipe);
    checkProperty(
      fc.property(ask, recipes, (asked, recipe) => {
        const before = structuredClone({ asked, recipe });
        const body = buildRequest(asked, recipe, claim);
        assert.equal(body, buildRequest(structuredClone(asked), structuredClone(recipe), { ...claim }));
        assert.deepEqual({ asked, recipe }, before, 'and changes nothing');
      }),
    );
  });

  it('is one line of JSON, whatever stands in the document', () => {
    checkProperty(
      fc.property(ask, asked => {
        const body = buildRequest(asked, task, claim);
        assert.equal(body.includes('\n'), false);
        parse(body);
      }),
    );
  });

  it('passes provider-shaped parameters on untouched: unknown fields, order and null included', () => {
    const params = { zeta: null, model: 'm', max_tokens: 1, messages: [], temperature: 0.5, custom: { a: [1] } };
    assert.equal(
      buildRequest({ shape: 'as-is', provider: 'anthropic', params }, asIsRecipe, claim),
      JSON.stringify(params),
    );
  });

  it('does not depend on the attempt unless there is a canary', () => {
    const asked: Ask = { shape: 'content', content: 'x' };
    assert.equal(buildRequest(asked, task, claim), buildRequest(asked, task, { ...claim, att: 1 }));
    const canary = { ...task, canary: true };
    assert.notEqual(buildRequest(asked, canary, claim), buildRequest(asked, canary, { ...claim, att: 1 }));
  });

  it('puts content into the request of the task', () => {
    assert.deepEqual(parse(buildRequest({ shape: 'content', content: 'text' }, task, claim)), {
      model: 'claude-haiku-4-5',
      max_tokens: 200,
      system: [{ type: 'text', text: 'Say what it is.' }],
      messages: [{ role: 'user', content: 'text' }],
      output_config: { format: { type: 'json_schema', schema: task.outputSchema } },
    });
  });

  it('G3: with a canary it asks for a code of this purchase, and the schema demands it', () => {
    const body = parse(buildRequest({ shape: 'content', content: 'text' }, { ...task, canary: true }, claim));
    const { messages, output_config } = body as {
      messages: { content: string }[];
      output_config: { format: { schema: { properties: object; required: string[]; additionalProperties: boolean } } };
    };
    assert.match(messages.at(-1)?.content ?? '', new RegExp(canaryCode(claim)));
    const { schema } = output_config.format;
    assert.deepEqual(Object.keys(schema.properties), ['label', canaryField]);
    assert.deepEqual(schema.required, ['label', canaryField]);
    assert.equal(schema.additionalProperties, false);
  });

  it('asks for no canary where there is no schema to carry it', () => {
    const text = { ...task, outputSchema: null };
    const asked: Ask = { shape: 'content', content: 'text' };
    assert.equal(buildRequest(asked, { ...text, canary: true }, claim), buildRequest(asked, text, claim));
  });
});
