import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { projectedCost } from './projected-cost.ts';

const start = { billed: 0, answered: 0, total: 100, isComplete: true, expected: null };

describe('projectedCost', () => {
  it('is unknown before the first answer, unless an estimate says it', () => {
    assert.equal(projectedCost(start), null);
    assert.equal(projectedCost({ ...start, expected: { cost: 5_000, documents: 100 } }), 5_000);
  });

  it('leaves the estimate for what is billed, and ends at the bill', () => {
    const expected = { cost: 5_000, documents: 100 };
    const of = (answered: number): number =>
      projectedCost({ ...start, expected, answered, billed: answered * 100 }) ?? 0;
    assert.ok(of(20) > of(0) && of(80) > of(20));
    assert.equal(of(100), 10_000);
    assert.equal(projectedCost({ ...start, answered: 50, billed: 5_000 }), 10_000);
  });

  it('counts documents that are not read yet, where the estimate has read them', () => {
    const expected = { cost: 5_000, documents: 100 };
    assert.equal(projectedCost({ ...start, total: 10, isComplete: false, expected }), 5_000);
  });
});
