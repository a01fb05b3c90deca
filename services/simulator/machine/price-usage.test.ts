import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findModel, type SimulatedModel } from './models.ts';
import { priceUsage } from './price-usage.ts';

const million = 1_000_000;
const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

function setup(id: string) {
  const model = findModel(id) as SimulatedModel;
  return (usage: Partial<typeof nothing>, isBatch = true) =>
    priceUsage({ model, usage: { ...nothing, ...usage }, isBatch, isUsOnly: false }) / 1e12;
}

describe('priceUsage', () => {
  it('halves every column in a batch', () => {
    const price = setup('claude-sonnet-5-5');
    assert.equal(price({ input: million }), 1);
    assert.equal(price({ output: million }), 5);
    assert.equal(price({ cacheWrite5m: million }), 1.25);
    assert.equal(price({ cacheWrite1h: million }), 2);
    assert.equal(price({ cacheRead: million }), 0.05);
    assert.equal(price({ input: million }, false), 2);
  });

  it('charges long prompts more where the model does, cached tokens included', () => {
    const price = setup('claude-haiku-5-5');
    assert.equal(price({ input: 100_000 }), 0.005);
    assert.equal(price({ input: 1, cacheRead: 100_000 }), (250 + 25 * 100_000) / 1e9);
  });

  it('is whole where half of a price, or eleven tenths of that, is no whole nanodollar', () => {
    const model = findModel('claude-haiku-5-5') as SimulatedModel;
    const cost = (isUsOnly: boolean) =>
      priceUsage({ model, usage: { ...nothing, cacheWrite5m: 1 }, isBatch: true, isUsOnly });
    assert.deepEqual([cost(false), cost(true)], [62_500, 68_750]);
  });

  it('knows dated ids', () => {
    assert.equal(findModel('claude-haiku-4-5-20251001')?.id, 'claude-haiku-4-5');
    assert.equal(findModel('claude-nobody'), undefined);
  });
});
