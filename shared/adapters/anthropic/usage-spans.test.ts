import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bucketMs, usageSpans } from './usage-spans.ts';

const minute = 60_000;
const start = Date.UTC(2026, 9, 30);
const at = (days: number, hours: number, minutes: number): number =>
  start + ((days * 24 + hours) * 60 + minutes) * minute;
const shown = (from: number, to: number) =>
  usageSpans(from, to).map(span => `${span.width} ${(span.to - span.from) / bucketMs[span.width]}`);

describe('usageSpans', () => {
  it('are minutes to the hour, hours to the day, days, and down again', () => {
    assert.deepEqual(shown(at(0, 22, 58), at(40, 3, 7)), ['1m 2', '1h 1', '1d 39', '1h 3', '1m 7']);
  });

  it('are no wider than what is asked for', () => {
    assert.deepEqual(shown(at(0, 5, 10), at(0, 5, 20)), ['1m 10']);
    assert.deepEqual(shown(at(0, 5, 10), at(0, 7, 20)), ['1m 50', '1h 1', '1m 20']);
    assert.deepEqual(shown(at(0, 5, 50), at(0, 6, 10)), ['1m 10', '1m 10']);
    assert.deepEqual(shown(at(1, 0, 0), at(2, 0, 0)), ['1d 1']);
    assert.deepEqual(shown(at(1, 0, 0), at(1, 0, 0)), []);
  });

  it('have no gap and no overlap, and begin where a bucket of theirs does', () => {
    const minutes = fc.nat({ max: 60 * 24 * 60 });
    fc.assert(
      fc.property(minutes, minutes, (first, length) => {
        const [from, to] = [start + first * minute, start + (first + length) * minute];
        let next = from;
        for (const span of usageSpans(from, to)) {
          assert.equal(span.from, next);
          assert.ok(span.to > span.from);
          assert.equal(span.from % bucketMs[span.width], 0);
          assert.equal(span.to % bucketMs[span.width], 0);
          next = span.to;
        }
        assert.equal(next, to);
      }),
    );
  });
});
