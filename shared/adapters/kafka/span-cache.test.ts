import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Span, spanOfRecords } from './span.ts';
import { SpanCache } from './span-cache.ts';

const span = (from: number, next: number, sizeBytes = 10): Span =>
  spanOfRecords({ from, next, sizeBytes, records: [] });

describe('SpanCache', () => {
  it('finds the span that knows an offset, and none where nobody has read', () => {
    const cache = new SpanCache(1_000);
    const [first, second] = [span(0, 5), span(8, 12)];
    cache.add('a', second);
    cache.add('a', first);
    assert.deepEqual(
      [0, 4, 5, 7, 8, 11, 12].map(offset => cache.find('a', offset)),
      [first, first, null, null, second, second, null],
    );
    assert.equal(cache.find('b', 0), null);
  });

  it('keeps of two that begin at one offset the one that knows more', () => {
    const cache = new SpanCache(1_000);
    const [short, long] = [span(0, 5), span(0, 9)];
    cache.add('a', short);
    cache.add('a', long);
    cache.add('a', short);
    assert.equal(cache.find('a', 7), long);
    assert.equal(cache.sizeBytes, 10);
  });

  it('keeps what reaches further, also when it begins inside of another', () => {
    const cache = new SpanCache(1_000);
    cache.add('a', span(0, 5));
    const further = span(3, 9);
    cache.add('a', further);
    assert.equal(cache.find('a', 8), further);
  });

  it('forgets what was used longest ago, and never exceeds its bytes by more than one span', () => {
    const cache = new SpanCache(35);
    for (let from = 0; from < 30; from += 10) cache.add('a', span(from, from + 10));
    assert.ok(cache.find('a', 0));
    cache.add('a', span(30, 40));
    assert.ok(cache.find('a', 0), 'used just now');
    assert.equal(cache.find('a', 10), null);
    const large = span(100, 200, 500);
    cache.add('b', large);
    assert.equal(cache.find('b', 150), large, 'whoever asked for it can have it');
    assert.equal(cache.sizeBytes, 500);
  });
});
