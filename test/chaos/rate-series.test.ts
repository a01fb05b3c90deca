import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RateSeries } from './rate-series.ts';

describe('RateSeries', () => {
  /** 100 a second for 10 s, nothing for 5 s, 50 a second for 5 s, then 100 a second again. */
  function setup(): RateSeries {
    const series = new RateSeries();
    const paces = [
      { from: 0, to: 10_000, perSecond: 100 },
      { from: 15_000, to: 20_000, perSecond: 50 },
      { from: 20_000, to: 30_000, perSecond: 100 },
    ];
    for (const { from, to, perSecond } of paces) {
      for (let on = from; on < to; on += 500) series.add(perSecond / 2, on);
    }
    return series;
  }

  it('tells the rate between two moments', () => {
    assert.equal(setup().rate(0, 10_000), 100);
    assert.equal(setup().rate(5_000, 15_000), 50);
    assert.equal(setup().rate(10_000, 15_000), 0);
  });

  it('tells the longest time without anything', () => {
    assert.equal(setup().longestStallMs(0, 30_000), 5_000);
    assert.equal(setup().longestStallMs(0, 10_000), 0);
  });

  it('tells when a rate is there again, or that it is not', () => {
    const recovery = { from: 10_000, to: 30_000, windowMs: 4_000 };
    assert.equal(setup().recoveredAfterMs({ ...recovery, wanted: 90 }), 9_500);
    assert.equal(setup().recoveredAfterMs({ ...recovery, wanted: 50 }), 5_000);
    assert.equal(setup().recoveredAfterMs({ ...recovery, to: 20_000, wanted: 90 }), null);
  });
});
