import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchSpan, documentSpan, formatTraceparent, parseTraceparent } from './span-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('parseTraceparent', () => {
  it('reads ids and the sampled flag', () => {
    assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), { traceId, spanId, isSampled: true });
    assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-00`), { traceId, spanId, isSampled: false });
    assert.equal(parseTraceparent(`00-${traceId}-${spanId}-03`)?.isSampled, true);
  });

  it('reads a later version, which may have more parts', () => {
    assert.deepEqual(parseTraceparent(`cc-${traceId}-${spanId}-01-what-is-new`), { traceId, spanId, isSampled: true });
  });

  const absent: readonly (string | undefined)[] = [
    undefined,
    '',
    '00-1-2-01',
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
    `cc-${traceId}-${spanId}-01-${'x'.repeat(600)}`,
  ];
  for (const text of absent)
    it(`counts ${String(text).slice(0, 70)} as absent`, () => assert.equal(parseTraceparent(text), null));

  it('reads what formatTraceparent writes', () => {
    const context = { traceId, spanId, isSampled: true };
    assert.deepEqual(parseTraceparent(formatTraceparent(context)), context);
  });
});

describe('ids that follow from the log', () => {
  it('are the same in every process, and differ by batch, name and step', () => {
    const bk = 'abcdefghijkl';
    assert.deepEqual(batchSpan(bk, 'batch.create', 1), batchSpan(bk, 'batch.create', 1));
    const spanIds = [
      batchSpan(bk, 'batch.seal'),
      batchSpan(bk, 'batch.create', 1),
      batchSpan(bk, 'batch.create', 2),
    ].map(each => each.spanId);
    assert.equal(new Set(spanIds).size, 3);
    assert.equal(batchSpan(bk, 'batch.seal').traceId, batchSpan(bk, 'batch.settle').traceId);
    assert.notEqual(batchSpan(bk, 'batch.seal').traceId, batchSpan('lkjihgfedcba', 'batch.seal').traceId);
  });

  it('stay in the trace of the producer, and follow its flag', () => {
    const parent = { traceId, spanId, isSampled: false };
    const answer = documentSpan(parent, { rid: '0/17', att: 0, name: 'document.answer' });
    assert.equal(answer.traceId, traceId);
    assert.equal(answer.isSampled, false);
    assert.notEqual(answer.spanId, spanId);
    assert.notEqual(answer.spanId, documentSpan(parent, { rid: '0/18', att: 0, name: 'document.answer' }).spanId);
  });

  it('are ids as trace context wants them', () => {
    assert.ok(parseTraceparent(formatTraceparent(batchSpan('abcdefghijkl', 'batch.settle'))));
  });
});
