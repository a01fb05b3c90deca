import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asIsRecipe, type Recipe } from '../recipe.ts';
import { type KeyedRequest, requestKey } from './request-key.ts';

const recipe: Recipe = {
  ...asIsRecipe,
  task: 't',
  model: 'claude-haiku-5-5',
  maxTokens: 100,
  instructions: 'Summarise.',
  outputSchema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  reusable: true,
};
const ask: KeyedRequest = { ask: { shape: 'content', content: 'x' }, recipe, recipeName: 'r1', tenant: null };
const key = (rest: Partial<KeyedRequest> = {}): string => requestKey({ ...ask, ...rest });

describe('requestKey', () => {
  it('is SHA-256 in hex, the same for the same request', () => {
    assert.match(key(), /^[0-9a-f]{64}$/);
    assert.equal(key(), key({ ask: { shape: 'content', content: 'x' } }));
  });

  it('is another for another text, version of the task, model or tenant', () => {
    const others = [
      key({ ask: { shape: 'content', content: 'y' } }),
      key({ recipeName: 'r2' }),
      key({ recipe: { ...recipe, model: 'claude-sonnet-5' } }),
      key({ tenant: 'acme' }),
      key({ tenant: 'globex' }),
      key({ tenant: '' }),
    ];
    assert.equal(new Set([key(), ...others]).size, others.length + 1);
  });

  it('does not depend on the order of keys, nor on the canary of a purchase', () => {
    const message = (fields: object): KeyedRequest['ask'] => ({ shape: 'messages', messages: [fields] });
    const one = key({ ask: message({ role: 'user', content: 'x' }) });
    assert.equal(one, key({ ask: message({ content: 'x', role: 'user' }) }));
    assert.equal(key(), key({ recipe: { ...recipe, canary: true } }));
  });
});
