import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { noUsage } from '../cost.ts';
import { priceRows } from '../prices.ts';
import { type CacheBill, cacheBill, cacheKey, estimateCache, noCacheBill } from './cache-model.ts';
import { calibrate, type SeenAnswer } from './calibration.ts';
import { noFeatures } from './text-features.ts';

const price = priceRows.find(({ model }) => model === 'claude-haiku-4-5') ?? assert.fail();
const answerIn = (bk: string, bill: CacheBill): SeenAnswer => ({
  model: price.model,
  key: 'k',
  features: noFeatures,
  bytes: 1,
  inputTokens: bill.inputTokens,
  outputTokens: 1,
  cache: { key: 'c', bk, bill },
});
const learnedFrom = (answers: readonly SeenAnswer[]) => calibrate(answers).cacheOf('c');
const batchesOf = (count: number, savedOf: (batch: number) => number) =>
  learnedFrom(
    Array.from({ length: count * 100 }, (_, index) => {
      const savedTokens = savedOf(Math.floor(index / 100));
      return answerIn(`b${Math.floor(index / 100)}`, {
        ...noCacheBill,
        answers: 1,
        inputTokens: 5_000,
        savedTokens,
        primes: 7,
      });
    }),
  );

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

describe('estimateCache', () => {
  it('does not depend on the order of the answers', () => {
    const bill = fc.record({
      answers: fc.constant(1),
      inputTokens: fc.nat(10_000),
      readTokens: fc.nat(10_000),
      savedTokens: fc.integer({ min: -10_000, max: 10_000 }),
      primes: fc.nat(1_000),
    });
    const answers = fc.array(fc.tuple(fc.constantFrom('b1', 'b2', 'b3'), bill), { minLength: 20 });
    checkProperty(
      fc.property(answers, fc.nat(), (all, at) => {
        const seen = all.map(([bk, one]) => answerIn(bk, one));
        const turned = [...seen.slice(at % seen.length), ...seen.slice(0, at % seen.length)].reverse();
        const asked = { documents: 100, holdBack: 0.02 };
        const [one, two] = [seen, turned].map(order => estimateCache(learnedFrom(order), asked));
        assert.ok(one && two);
        for (const name of ['savedTokens', 'primes', 'variance', 'doubt'] as const)
          assert.ok(Math.abs(one[name] - two[name]) <= 1e-9 * Math.max(1, Math.abs(one[name])), name);
      }),
    );
  });

  it('expects of each document what the answers had, primes included, and nothing of what is held back', () => {
    const sums = batchesOf(10, () => 900);
    const whole = estimateCache(sums, { documents: 50, holdBack: 0 });
    assert.deepEqual([whole.savedTokens, whole.primes], [45_000, 350]);
    const { savedTokens, variance } = estimateCache(sums, { documents: 50, holdBack: 0.1 });
    assert.equal(savedTokens, 40_500);
    assert.ok(variance > whole.variance);
  });

  it('says nothing as long as there are few answers', () => {
    const few = learnedFrom([answerIn('b1', { ...noCacheBill, answers: 1, savedTokens: 900 })]);
    assert.equal(estimateCache(few, { documents: 10, holdBack: 0 }).savedTokens, 0);
  });

  it('is the surer the more batches it has seen, and the less the more they differ', () => {
    const doubtOf = (sums: ReturnType<typeof batchesOf>) =>
      estimateCache(sums, { documents: 1_000, holdBack: 0 }).doubt;
    const alike = doubtOf(batchesOf(10, () => 900));
    assert.ok(alike < doubtOf(batchesOf(1, () => 900)) / 5);
    assert.ok(alike < doubtOf(batchesOf(10, batch => (batch % 2) * 1_800)) / 2);
  });
});
