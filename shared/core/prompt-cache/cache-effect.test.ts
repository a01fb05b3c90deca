import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noSpend } from '../spend.ts';
import { addToTallies, type CacheTallies, cacheEffect, noTallies } from './cache-effect.ts';
import type { CachePlanUse } from './cache-plan.ts';

/** One settled batch of ten items and 1,000 tokens each. */
function batch(
  use: CachePlanUse,
  { hits = 0, saved = 0, marks = 1 }: { hits?: number; saved?: number; marks?: number },
) {
  const whole = { items: 10, hits, readTokens: 0, writtenTokens: 0, prefixTokens: 900, at: 0 };
  const cache = Array.from({ length: marks }, (_, mark) => {
    const named = { bk: 'b', hash: `h${mark}`, model: 'm', ttl: '5m', use, isPrimed: false } as const;
    return { ...named, ...whole, promptTokens: 10_000 / marks };
  });
  return {
    cache,
    spend: { at: 0, rows: [{ tenant: null, model: 'm', ...noSpend, uncached: 1_000, billed: 1_000 - saved }] },
  };
}

const tallied = (...batches: ReturnType<typeof batch>[]): CacheTallies =>
  batches.reduce((tallies, each) => addToTallies(tallies, each), noTallies);

describe('cacheEffect', () => {
  it('is what marked batches saved against the price of the same tokens, less the primes', () => {
    const tallies = tallied(batch('marked', { hits: 9, saved: 700 }), batch('marked', { hits: 7, saved: 300 }));
    assert.deepEqual(cacheEffect(tallies, 250), { hitRate: 0.8, saved: 750, heldBack: 0 });
  });

  it('leaves out what batches without markers save as well', () => {
    const tallies = tallied(
      batch('marked', { hits: 10, saved: 700 }),
      batch('marked', { hits: 10, saved: 700 }),
      batch('held-back', { saved: 200 }),
    );
    assert.deepEqual(cacheEffect(tallies, 0), { hitRate: 1, saved: 1_000, heldBack: 1 / 3 });
  });

  it('is below zero when markers cost more than they saved', () => {
    assert.equal(cacheEffect(tallied(batch('marked', { saved: -120 })), 30).saved, -150);
  });

  it('counts a batch once, however many prefixes it has, and of what is only told nothing', () => {
    const tallies = tallied(batch('marked', { hits: 5, saved: 100, marks: 3 }), batch('shadow', { saved: 0 }));
    assert.deepEqual([tallies.marked.batches, tallies.marked.items, tallies.marked.promptTokens], [1, 10, 10_000]);
    assert.deepEqual(cacheEffect(tallies, 0), { hitRate: 0.5, saved: 100, heldBack: 0 });
  });

  it('is nothing for batches without a plan', () => {
    assert.deepEqual(cacheEffect(addToTallies(noTallies, {}), 0), { hitRate: null, saved: 0, heldBack: 0 });
  });
});
