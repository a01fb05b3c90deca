import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countOf, formatAge, formatBytes, formatClock, formatCount } from './format-count.ts';

describe('figures', () => {
  it('are never abbreviated', () => assert.equal(formatCount(1_234_567), '1,234,567'));
  it('go with their nouns', () => {
    assert.deepEqual(
      [countOf(1, 'batch'), countOf(2, 'batch'), countOf(0, 'document'), countOf(3, 'retry'), countOf(2, 'reply')],
      ['1 batch', '2 batches', '0 documents', '3 retries', '2 replies'],
    );
  });
  it('say how long', () => {
    assert.deepEqual([59_999, 60_000, 15_120_000, 90_000_000].map(formatAge), [
      '59 s',
      '1 min',
      '4 h 12 min',
      '1 d 1 h',
    ]);
    assert.equal(formatClock(12 * 60_000 + 41_000), '00:12:41');
    assert.equal(formatClock(100 * 3_600_000), '100:00:00');
  });
  it('say how large', () =>
    assert.deepEqual([1, 999, 38_200_000].map(formatBytes), ['1 byte', '999 bytes', '38.2 MB']));
});
