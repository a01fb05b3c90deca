import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { asIsRecipe, type Recipe, recipeHash } from '#core/recipe.ts';
import { decodeRecipe, encodeRecipe } from './recipe-codec.ts';

const plain = { noNullPrototype: true } as const;
const requiredKeys = [
  'v',
  'task',
  'provider',
  'model',
  'instructions',
  'maxTokens',
  'outputSchema',
  'canary',
  'retry',
] as const;
const record: fc.Arbitrary<Recipe> = fc.record(
  {
    v: fc.constant(1 as const),
    task: fc.option(fc.string()),
    provider: fc.constant('anthropic' as const),
    model: fc.option(fc.string()),
    instructions: fc.option(fc.string()),
    maxTokens: fc.option(fc.integer({ min: 1 })),
    outputSchema: fc.option(fc.dictionary(fc.stringMatching(/^[a-z$]+$/), fc.jsonValue({ maxDepth: 2 }), plain)),
    canary: fc.boolean(),
    retry: fc.record({ delaysMs: fc.array(fc.nat()), jitter: fc.constantFrom(0, 0.2, 1) }, plain),
    maxTokensMax: fc.integer({ min: 1 }),
    raised: fc.record({ factor: fc.constant(2), tokensMax: fc.integer({ min: 1 }) }, plain),
  },
  { ...plain, requiredKeys: [...requiredKeys] },
);

describe('recipe codec', () => {
  it('gives back every recipe that it wrote, under the same hash', () => {
    const property = fc.property(record, written => {
      const read = decodeRecipe(encodeRecipe(written));
      assert.ok(read);
      assert.equal(recipeHash(read), recipeHash(written));
      assert.deepEqual(read, JSON.parse(JSON.stringify(written)));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is null for whatever is no recipe of this version', () => {
    const odd = [
      { ...asIsRecipe, v: 2 },
      { ...asIsRecipe, provider: 'openai' },
      { ...asIsRecipe, temperature: 1 },
      { v: 1 },
      null,
    ];
    for (const value of odd) assert.equal(decodeRecipe(Buffer.from(JSON.stringify(value))), null);
    assert.equal(decodeRecipe(Buffer.from('{')), null);
  });
});
