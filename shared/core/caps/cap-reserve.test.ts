import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { buildRequest } from '../build-request.ts';
import { costOf, noUsage } from '../cost.ts';
import type { Ask } from '../document.ts';
import { isPlainText } from '../estimate/is-plain-text.ts';
import { asIsRecipe } from '../recipe.ts';
import { type Purchase, reserveOf, unpricedUnderCap } from './cap-reserve.ts';
import { planTtl, worstCost } from './cap-worst-case.ts';

const now = Date.parse('2026-11-24');
const cost = (none: number) => ({ none, '5m': none + 1, '1h': none + 2 });

const purchase = (more: Partial<Purchase> = {}): Purchase => ({
  account: 'main',
  items: 3,
  tenant: null,
  task: null,
  costMaxByRun: { '': cost(10), r: cost(20) },
  ttl: 'none',
  ...more,
});

describe('what INTENT reserves', () => {
  it('is the worst case in every scope that the batch counts in, and in no other', () => {
    assert.deepEqual(reserveOf(purchase()).amounts, {
      'account:main:items': 3,
      'account:main:batches': 1,
      'account:main:money': 30,
      'fleet:money': 30,
      'run:r:money': 20,
    });
    const { amounts } = reserveOf(purchase({ tenant: 'acme', task: 'classify' }));
    assert.equal(amounts['tenant:acme:money'], 30);
    assert.equal(amounts['task:classify:money'], 30);
  });

  it('is that of the dearest marker in the cache plan', () => {
    assert.equal(reserveOf(purchase({ ttl: '1h' })).amounts['fleet:money'], 34);
  });

  it('names the scopes in which something has no price', () => {
    const reserve = reserveOf(purchase({ task: 'classify', costMaxByRun: { a: null, b: cost(5) } }));
    assert.deepEqual(reserve.unpriced, ['account:main:money', 'fleet:money', 'task:classify:money', 'run:a:money']);
    assert.equal(unpricedUnderCap({ caps: new Map([['run:b:money|total', 1]]) }, reserve), null);
    const caps = new Map([['task:classify:money|day', 1]]);
    assert.equal(unpricedUnderCap({ caps }, reserve), 'task:classify:money');
  });

  it('S5: keeps the cost of a run named like a property of every object', () => {
    const costMaxByRun = Object.fromEntries([['__proto__', cost(7)]]);
    assert.equal(reserveOf(purchase({ costMaxByRun })).amounts['run:__proto__:money'], 7);
  });
});

describe('the worst case of an item', () => {
  const body = JSON.stringify({ model: 'claude-haiku-5-5', messages: ['x'.repeat(4_000)] });
  const worst = (text: string) => worstCost({ model: 'claude-haiku-5-5', maxTokens: 100, body: text }, now);

  it('holds what is billed when all of the input is written to the cache', () => {
    const tokens = Buffer.byteLength(body);
    const billed = (usage: object) => costOf('claude-haiku-5-5', { ...noUsage, output: 100, ...usage }, now)?.billed;
    assert.equal(worst(body)?.none, billed({ input: tokens }));
    assert.equal(worst(body)?.['5m'], billed({ cacheWrite5m: tokens }));
    assert.equal(worst(body)?.['1h'], billed({ cacheWrite1h: tokens }));
  });

  it('counts a marker that the producer set, whatever is planned', () => {
    const marked = body.replace(
      '"messages"',
      '"system":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages"',
    );
    const cost = worst(marked);
    assert.ok(cost && cost.none === cost['1h'] && cost['5m'] === cost['1h']);
    const short = worst(marked.replace('"ttl":"1h"', '"ttl":"5m"'));
    assert.ok(short && short.none === short['5m'] && short['1h'] > short['5m']);
  });

  it('is unknown without a price', () => {
    assert.equal(worstCost({ model: 'claude-of-tomorrow', maxTokens: 1, body }, now), null);
  });

  it('is the same for what consists of texts, whatever they look like, without looking', () => {
    const odd = ['"cache_control"', '"ttl":"1h"', '"tools"', '"image"', '"inference_geo":"us"', '\\"', 'é', '漢'];
    const text = fc.array(fc.oneof(fc.constantFrom(...odd), fc.string())).map(parts => parts.join(''));
    const messages = fc.array(fc.record({ role: fc.constant('user'), content: text }), { minLength: 1 });
    const model = 'claude-haiku-5-5';
    const asks: fc.Arbitrary<Ask> = fc.oneof(
      text.map((content): Ask => ({ shape: 'content', content })),
      messages.map((some): Ask => ({ shape: 'messages', messages: some })),
      fc.tuple(messages, text).map(([some, system]): Ask => {
        return { shape: 'as-is', provider: 'anthropic', params: { model, max_tokens: 9, system, messages: some } };
      }),
    );
    const property = fc.property(asks, text, fc.boolean(), (ask, instructions, hasSchema) => {
      const outputSchema = hasSchema ? { type: 'object', properties: {} } : null;
      const recipe = { ...asIsRecipe, task: 't', model, maxTokens: 9, instructions, outputSchema };
      assert.ok(isPlainText(ask));
      const body = buildRequest(ask, recipe, { partition: 0, offset: 0, att: 0 });
      const asked = { model, maxTokens: 9, body };
      assert.deepEqual(worstCost({ ...asked, isText: true }, now), worstCost(asked, now));
    });
    checkProperty(property, { runs: 1_000 });
  });

  it('is looked for in all that may be more than texts', () => {
    const params = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] };
    const more = [
      { tools: [] },
      { inference_geo: 'us' },
      { cache_control: { type: 'ephemeral' } },
      { system: [{ type: 'text', text: 'x' }] },
      { messages: [{ role: 'user', content: [{ type: 'image' }] }] },
      { messages: [{ role: 'user', content: 'x', cache_control: {} }] },
    ];
    for (const each of more) {
      assert.equal(isPlainText({ shape: 'as-is', provider: 'anthropic', params: { ...params, ...each } }), false);
    }
  });

  it('takes the dearest marker of a plan', () => {
    const mark = (ttl: '5m' | '1h') => ({ depth: 1, hash: 'x', ttl, prime: false });
    assert.equal(planTtl(undefined), 'none');
    assert.equal(planTtl({ use: 'marked', marks: [mark('5m')] }), '5m');
    assert.equal(planTtl({ use: 'marked', marks: [mark('1h'), mark('5m')] }), '1h');
    assert.equal(planTtl({ use: 'held-back', marks: [mark('1h')] }), 'none');
  });
});
