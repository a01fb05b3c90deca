import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bucketTokens, type TokenCounts, TokenTally, tokenBucket } from './token-buckets.ts';
import { proposeMaxTokens } from './tune.ts';

function countsOf(tokens: readonly number[]): TokenCounts {
  const tally = new TokenTally();
  for (const each of tokens) tally.add(each);
  return tally.counts;
}

/** 1 to `length`, each once. */
const upTo = (length: number): TokenCounts => countsOf(Array.from({ length }, (_, index) => index + 1));

describe('token buckets', () => {
  it('never tell a count too low, nor more than 3.2 % too high', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 24 - 1 }), tokens => {
        const told = bucketTokens(tokenBucket(tokens));
        assert.ok(told >= tokens && told <= tokens * 1.032, `${told} for ${tokens}`);
      }),
      { numRuns: 5_000 },
    );
  });

  it('are in order, without gaps, and few', () => {
    let last = -1;
    for (let bucket = 0; bucket <= tokenBucket(Number.MAX_SAFE_INTEGER); bucket++) {
      assert.equal(tokenBucket(bucketTokens(bucket)), bucket);
      assert.equal(tokenBucket(last + 1), bucket);
      last = bucketTokens(bucket);
    }
    assert.ok(tokenBucket(Number.MAX_SAFE_INTEGER) < 700);
    assert.equal(tokenBucket(-1), 0);
  });

  it('add up in whatever order they come', () => {
    assert.deepEqual(countsOf([300, 2, 300, 1]), [
      [1, 1],
      [2, 1],
      [tokenBucket(300), 2],
    ]);
  });
});

describe('proposeMaxTokens', () => {
  const propose = (counts: TokenCounts, { cut = 0, maxTokens = 1_024, risk = 0.01 } = {}) =>
    proposeMaxTokens([{ maxTokens, counts, cut }], { maxTokens, risk });

  it('the least cap whose risk is within what was asked for, with certainty and not only by count', () => {
    const { verdict, riskNow } = propose(upTo(10_000), { maxTokens: 9_000 });
    assert.ok(verdict.is === 'proposed');
    assert.ok(verdict.risk.atMost <= 0.01 && verdict.risk.share < verdict.risk.atMost);
    assert.ok(verdict.maxTokens >= 9_900 && verdict.maxTokens <= 10_300, `${verdict.maxTokens}`);
    assert.ok(Math.abs(riskNow.share - 0.1) < 0.02);
  });

  it('of few answers nothing, but how many are needed', () => {
    const { verdict } = propose(upTo(100));
    assert.deepEqual(verdict, { is: 'too-few', answersNeeded: 268 });
    assert.equal(propose(upTo(268)).verdict.is, 'proposed');
    assert.equal(propose([]).verdict.is, 'too-few');
    assert.equal(propose([]).quantiles, null);
  });

  it('when too many were cut, only that it lies above', () => {
    const { verdict, riskNow } = propose(upTo(900), { cut: 100, maxTokens: 1_000 });
    assert.deepEqual(verdict, { is: 'beyond', maxTokensAtLeast: 2_000 });
    assert.equal(riskNow.share, 0.1);
  });

  it('of few answers, that the cap is too low where they show it', () => {
    assert.deepEqual(propose([], { cut: 20, maxTokens: 4 }).verdict, { is: 'beyond', maxTokensAtLeast: 8 });
    assert.equal(propose(upTo(100), { cut: 1, maxTokens: 1_000 }).verdict.is, 'too-few');
  });

  it('what was cut under a lower cap says nothing of the present one, nor do the short ones beside it', () => {
    const older = { maxTokens: 100, counts: upTo(100), cut: 900 };
    const present = { maxTokens: 1_000, counts: upTo(900), cut: 0 };
    const { cut, leftOut, answers, verdict } = proposeMaxTokens([older, present], { maxTokens: 1_000, risk: 0.01 });
    assert.deepEqual([cut, leftOut, answers, verdict.is], [0, 1_000, 900, 'proposed']);
    const none = proposeMaxTokens([older], { maxTokens: 1_000, risk: 0.01 });
    assert.deepEqual([none.verdict.is, none.quantiles, none.riskNow.share], ['too-few', null, 0]);
  });

  it('what was cut under a higher cap would be cut under the present one, and what was answered whole is known', () => {
    const higher = { maxTokens: 2_000, counts: upTo(990), cut: 10 };
    const lower = { maxTokens: 500, counts: upTo(400), cut: 0 };
    const { cut, leftOut, answers, riskNow } = proposeMaxTokens([higher, lower], { maxTokens: 1_023, risk: 0.01 });
    assert.deepEqual([cut, leftOut, answers, riskNow.share], [10, 0, 1_390, 10 / 1_400]);
  });

  it('tells the quantiles as they are, within a bucket', () => {
    const { quantiles } = propose(upTo(1_000));
    for (const [told, is] of [
      [quantiles?.p50, 500],
      [quantiles?.p95, 950],
      [quantiles?.p99, 990],
      [quantiles?.longest, 1_000],
    ] as const) {
      assert.ok(told !== undefined && told >= is && told <= is * 1.032, `${told} for ${is}`);
    }
  });

  it('holds on answers that it has not seen: about as many are cut as it says', () => {
    const draw = (seed: number): number =>
      Math.round(100 * Math.exp(0.8 * Math.sin(seed * 12.9898) * ((seed % 7) / 3)));
    const [seen, unseen] = [0, 1].map(part => Array.from({ length: 4_000 }, (_, index) => draw(index * 2 + part)));
    const { verdict } = propose(countsOf(seen as number[]));
    assert.ok(verdict.is === 'proposed');
    const cut = (unseen as number[]).filter(tokens => tokens > verdict.maxTokens).length;
    assert.ok(cut / 4_000 <= 0.015, `${cut}`);
  });
});
