import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildRequest } from './build-request.ts';
import type { Ask } from './document.ts';
import { maxTokensOf, raisedRecipe } from './raise-max-tokens.ts';
import { asIsRecipe, type Recipe, recipeHash } from './recipe.ts';

const content: Ask = { shape: 'content', content: 'x' };
const asIs = (params: Record<string, unknown>): Ask => ({ shape: 'as-is', provider: 'anthropic', params });
const task = (rest: Partial<Recipe> = {}): Recipe => ({
  ...asIsRecipe,
  task: 't',
  model: 'claude-haiku-5-5',
  maxTokens: 100,
  ...rest,
});
const claim = { partition: 0, offset: 1, att: 1 };
const raised = (recipe: Recipe, ask: Ask): number | null => maxTokensOf(ask, raisedRecipe(recipe, ask));

describe('a raised cap', () => {
  const table: [string, Recipe, Ask, number | null][] = [
    ['twice that of its task', task(), content, 200],
    ['no more than the task allows', task({ maxTokensMax: 150 }), content, 150],
    ['never less than before, whatever the task says', task({ maxTokensMax: 50 }), content, 100],
    ['no more than the model answers', task({ maxTokens: 100_000 }), content, 128_000],
    [
      'of an older model that is less',
      task({ maxTokens: 40_000, model: 'claude-haiku-4-5-20251001' }),
      content,
      64_000,
    ],
    ['of one that nobody knows the least', task({ maxTokens: 40_000, model: 'claude-of-tomorrow' }), content, 64_000],
    ['twice that of a document as it is', asIsRecipe, asIs({ model: 'claude-haiku-5-5', max_tokens: 7 }), 14],
    ['none where none was said', asIsRecipe, asIs({ model: 'claude-haiku-5-5' }), null],
  ];
  for (const [title, recipe, ask, wanted] of table) {
    it(title, () => assert.equal(raised(recipe, ask), wanted));
  }

  it('is raised once: a recipe that has it stays the same', () => {
    const once = raisedRecipe(task(), content);
    assert.equal(raisedRecipe(once, content), once);
  });

  it('is a recipe of its own, and one that was not raised keeps its name and its bytes', () => {
    assert.notEqual(recipeHash(raisedRecipe(task(), content)), recipeHash(task()));
    assert.equal(buildRequest(content, task(), claim), buildRequest(content, structuredClone(task()), claim));
  });

  it('changes nothing else in a request, its order included', () => {
    const ask = asIs({ stop: null, max_tokens: 7, model: 'claude-haiku-5-5', messages: [] });
    assert.equal(
      buildRequest(ask, raisedRecipe(asIsRecipe, ask), claim),
      '{"stop":null,"max_tokens":14,"model":"claude-haiku-5-5","messages":[]}',
    );
    const plain = buildRequest(content, task(), claim);
    const more = buildRequest(content, raisedRecipe(task(), content), claim);
    assert.equal(more, plain.replace('"max_tokens":100', '"max_tokens":200'));
  });
});
