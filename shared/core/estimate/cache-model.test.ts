import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noUsage } from '../cost.ts';
import { priceRows } from '../prices.ts';
import { cacheBill, cacheKey } from './cache-model.ts';

const price = priceRows.find(({ model }) => model === 'claude-haiku-4-5') ?? assert.fail();

describe('cacheBill', () => {
  it('is what was not paid, in tokens of input: by the columns of the price row', () => {
    assert.equal(cacheBill({ ...noUsage, input: 100, output: 9 }, price, 0).savedTokens, 0);
    const read = cacheBill({ ...noUsage, input: 100, cacheRead: 1_000 }, price, 3);
    assert.deepEqual(read, { answers: 1, inputTokens: 1_100, readTokens: 1_000, savedTokens: 900, primes: 3 });
    assert.equal(cacheBill({ ...noUsage, cacheWrite5m: 1_000 }, price, 0).savedTokens, -250);
    assert.equal(cacheBill({ ...noUsage, cacheWrite1h: 1_000 }, price, 0).savedTokens, -1_000);
  });
});

describe('cacheKey', () => {
  it('takes answers of a recipe to be alike, and requests as they are by their length', () => {
    const of = (length: number, isAsIs: boolean) => cacheKey('planner', { key: 'k', length, isAsIs });
    assert.equal(of(5, false), of(9, false));
    assert.notEqual(of(5, true), of(9, true));
    assert.notEqual(of(5, true), cacheKey('producer', { key: 'k', length: 5, isAsIs: true }));
  });
});
