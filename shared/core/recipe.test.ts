import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { asIsRecipe, canonicalJson, type Recipe, recipeHash, recipeText } from './recipe.ts';

const prototypeKey = fc.constantFrom('__proto__', 'constructor', 'toString', '1', '10', '2');
const jsonKey = fc.oneof({ arbitrary: fc.string({ maxLength: 4 }), weight: 4 }, prototypeKey);

const { json } = fc.letrec<{ json: unknown }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(jsonKey, tie('json')), { maxLength: 4 }).map(entries => Object.fromEntries(entries)),
  ),
}));

/** The same value with the keys of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, reversed(inner)] as const)
      .reverse(),
  );
}

describe('canonicalJson', () => {
  it('does not depend on the order of keys, and says the same value', () => {
    checkProperty(
      fc.property(json, value => {
        assert.equal(canonicalJson(reversed(value)), canonicalJson(value));
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('keeps the order of arrays: it means something', () => {
    assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
  });
});

describe('recipeHash', () => {
  const recipe: Recipe = {
    ...asIsRecipe,
    task: 'classify',
    model: 'claude-haiku-4-5',
    outputSchema: { type: 'object', properties: { label: { type: 'string' } } },
  };

  it('is 16 hex characters, the same in whatever order the configuration was written', () => {
    assert.match(recipeHash(recipe), /^[0-9a-f]{16}$/);
    const turned = { ...(reversed(recipe) as Recipe), outputSchema: recipe.outputSchema };
    assert.equal(recipeHash(turned), recipeHash(recipe));
  });

  it('is another when anything a request or its outcome depends on is another', () => {
    const changes: Partial<Recipe>[] = [
      { task: 'other' },
      { model: 'claude-opus-4-5' },
      { instructions: '' },
      { maxTokens: 1 },
      { outputSchema: { type: 'object', properties: { label: { type: 'number' } } } },
      { outputSchema: reversed(recipe.outputSchema) as Recipe['outputSchema'] },
      { outputSchema: null },
      { canary: true },
      { retry: { delaysMs: [], jitter: 0 } },
    ];
    const hashes = [recipe, ...changes.map(change => ({ ...recipe, ...change }))].map(recipeHash);
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('keeps the order of an output schema, in which a model answers', () => {
    const { outputSchema } = JSON.parse(recipeText(recipe)) as Recipe;
    assert.equal(JSON.stringify(outputSchema), JSON.stringify(recipe.outputSchema));
  });

  it('does not move: recipes of old logs are found again', () => {
    assert.equal(recipeHash(asIsRecipe), recipeHash(JSON.parse(JSON.stringify(asIsRecipe)) as Recipe));
  });
});
