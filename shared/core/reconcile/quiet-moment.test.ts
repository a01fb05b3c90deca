import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noon } from '#test/support/journal-records.ts';
import type { Purchase } from './purchases.ts';
import { boughtBefore, firstMoment, quietMoment } from './quiet-moment.ts';

const minute = 60_000;
const skewMs = 2 * minute;

/** Under way from one minute after noon to another; without an end it still is. */
const purchase = (from: number, to = Number.POSITIVE_INFINITY): Purchase => ({
  account: 'main',
  from: noon + from * minute,
  to: noon + to * minute,
  shown: [],
  shownCost: 0,
  booked: 0,
  isUnpriced: false,
});

const quietAt = (purchases: readonly Purchase[], before: number): number | null => {
  const at = quietMoment(purchases, { before: noon + before * minute + 17, skewMs });
  return at === null ? null : (at - noon) / minute;
};

describe('quietMoment', () => {
  it('is the last minute that the report covers, where nothing is under way', () => {
    assert.equal(quietAt([purchase(0, 10)], 60), 60);
  });

  it('lies before what is under way then, by the skew of the clocks', () => {
    assert.equal(quietAt([purchase(0, 10), purchase(30, 70)], 60), 28);
    assert.equal(quietAt([purchase(0, 10), purchase(30)], 60), 28);
    assert.equal(quietAt([purchase(0, 10), purchase(61, 70)], 60), 59, 'it may have begun before');
  });

  it('goes back over purchases that overlap, in whatever order they stand', () => {
    assert.equal(quietAt([purchase(40), purchase(0, 10), purchase(20, 30), purchase(29, 41)], 60), 18);
  });

  it('is none where something was under way ever since, and where nothing was bought', () => {
    assert.equal(quietAt([purchase(0, 31), purchase(30)], 60), null);
    assert.equal(quietAt([], 60), null);
    assert.equal(quietAt([purchase(50, 55)], 40), null, 'nothing was bought up to then');
  });

  it('leaves before it what was executed before it, and not one that only began', () => {
    const purchases = [purchase(0, 10), purchase(30, 70)];
    assert.deepEqual(boughtBefore(purchases, noon + 28 * minute), purchases.slice(0, 1));
    assert.equal(firstMoment(purchases, { skewMs }), noon - skewMs);
  });
});
