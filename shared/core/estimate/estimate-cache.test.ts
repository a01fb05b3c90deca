import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { type CacheBill, noCacheBill } from './cache-model.ts';
import { calibrate, type SeenAnswer } from './calibration.ts';
import { estimateCache } from './estimate-cache.ts';
import { noFeatures } from './text-features.ts';

const answerIn = (bk: string, bill: CacheBill, isFirst = false): SeenAnswer => ({
  model: 'claude-haiku-4-5',
  key: 'k',
  task: null,
  features: noFeatures,
  bytes: 1,
  inputTokens: bill.inputTokens,
  outputTokens: 1,
  cache: { key: 'c', bk, isFirst, bill },
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
        const seen = all.map(([bk, one]) => answerIn(bk, one, bk === 'b1'));
        const turned = [...seen.slice(at % seen.length), ...seen.slice(0, at % seen.length)].reverse();
        const asked = { documents: 100, ofDocuments: 200, holdBack: 0.02 };
        const [one, two] = [seen, turned].map(order => estimateCache(learnedFrom(order), asked));
        assert.ok(one && two);
        for (const name of ['savedTokens', 'primes', 'variance', 'doubt'] as const)
          assert.ok(Math.abs(one[name] - two[name]) <= 1e-9 * Math.max(1, Math.abs(one[name])), name);
      }),
    );
  });

  it('expects of each document what the answers had, primes included, and nothing of what is held back', () => {
    const sums = batchesOf(10, () => 900);
    const whole = estimateCache(sums, { documents: 50, ofDocuments: 50, holdBack: 0 });
    assert.deepEqual([whole.savedTokens, whole.primes], [45_000, 350]);
    const { savedTokens, variance } = estimateCache(sums, { documents: 50, ofDocuments: 1_000, holdBack: 0.1 });
    assert.equal(savedTokens, 40_500);
    assert.ok(variance > whole.variance);
    const few = estimateCache(sums, { documents: 50, ofDocuments: 50, holdBack: 0.1 });
    assert.equal(few.savedTokens, 45_000, 'of few batches mostly none is held back');
    assert.ok(few.variance > whole.variance, 'and it may be');
  });

  it('says nothing as long as there are few answers', () => {
    const few = learnedFrom([answerIn('b1', { ...noCacheBill, answers: 1, savedTokens: 900 })]);
    assert.equal(estimateCache(few, { documents: 10, ofDocuments: 10, holdBack: 0 }).savedTokens, 0);
  });

  it('is the surer the more batches it has seen, and the less the more they differ', () => {
    const doubtOf = (sums: ReturnType<typeof batchesOf>) =>
      estimateCache(sums, { documents: 1_000, ofDocuments: 1_000, holdBack: 0 }).doubt;
    const alike = doubtOf(batchesOf(10, () => 900));
    assert.ok(alike < doubtOf(batchesOf(1, () => 900)) / 5);
    assert.ok(alike < doubtOf(batchesOf(10, batch => (batch % 2) * 1_800)) / 2);
  });

  describe('of runs', () => {
    /** A run of so many batches of 100: its first one pays a prime and saves less. */
    const runOf = (name: string, batches: number): SeenAnswer[] =>
      Array.from({ length: batches * 100 }, (_, index) => {
        const batch = Math.floor(index / 100);
        const saved = batch === 0 ? { savedTokens: 800, primes: 40 } : { savedTokens: 900 };
        return answerIn(`${name}${batch}`, { ...noCacheBill, answers: 1, inputTokens: 5_000, ...saved }, batch === 0);
      });
    const ask = (documents: number, ...seen: SeenAnswer[][]) => {
      const { savedTokens, primes } = estimateCache(learnedFrom(seen.flat()), {
        documents,
        ofDocuments: documents,
        holdBack: 0,
      });
      return [Math.round(savedTokens), Math.round(primes)];
    };

    it('expects what begins a run once in a file, whatever the runs were that it was learned from', () => {
      for (const seen of [[runOf('a', 10)], [runOf('a', 2), runOf('b', 9)], [runOf('a', 1), runOf('b', 9)]]) {
        assert.deepEqual(ask(1_000, ...seen), [900_000 - 10_000, 4_000]);
        assert.deepEqual(ask(5_000, ...seen), [4_500_000 - 10_000, 4_000]);
      }
    });

    it('takes a file shorter than a batch for as much of one', () => {
      assert.deepEqual(ask(50, runOf('a', 10)), [40_000, 2_000]);
    });

    it('takes other batches to read as the first does, until one is known, and to need no prime', () => {
      assert.deepEqual(ask(1_000, runOf('a', 1)), [800_000, 4_000]);
    });

    it('expects no beginning where an entry is there', () => {
      const sums = learnedFrom(runOf('a', 10));
      const warm = estimateCache(sums, { documents: 1_000, ofDocuments: 1_000, holdBack: 0, isWarm: true });
      assert.deepEqual([warm.savedTokens, warm.primes].map(Math.round), [900_000, 0]);
    });

    it('expects nothing of a first batch where no other will be marked, and of others what they had', () => {
      const of = (batches: number) => {
        const asked = { documents: 1_000, ofDocuments: 1_000, holdBack: 0, isMarked: false };
        const { savedTokens, primes } = estimateCache(learnedFrom(runOf('a', batches)), asked);
        return [savedTokens, primes].map(Math.round);
      };
      assert.deepEqual(
        [of(1), of(10)],
        [
          [0, 0],
          [900_000, 0],
        ],
      );
    });

    it('shares the beginning among the groups of a file', () => {
      const sums = learnedFrom(runOf('a', 10));
      const part = estimateCache(sums, { documents: 250, ofDocuments: 1_000, holdBack: 0 });
      assert.deepEqual([part.savedTokens, part.primes].map(Math.round), [225_000 - 2_500, 1_000]);
    });
  });
});
