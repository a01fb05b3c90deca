import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { readBatchPage, readMessageBatch, toListedBatch } from './read-message-batch.ts';

/** As recorded, 2026-11-21. */
const ended = {
  id: 'msgbatch_01HkcTjaV5uDC8jWR4ZsDV8d',
  type: 'message_batch',
  processing_status: 'ended',
  request_counts: { processing: 0, succeeded: 97, errored: 2, canceled: 0, expired: 1 },
  ended_at: '2026-11-21T18:52:10.000000Z' as string | null,
  created_at: '2026-11-21T18:37:24.100435Z',
  expires_at: '2026-11-22T18:37:24.100435Z',
  archived_at: null as string | null,
  cancel_initiated_at: null,
  results_url: 'https://api.anthropic.com/v1/messages/batches/msgbatch_01HkcTjaV5uDC8jWR4ZsDV8d/results' as
    | string
    | null,
};
const running = {
  ...ended,
  processing_status: 'in_progress',
  request_counts: { processing: 100, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
  ended_at: null,
  results_url: null,
};

const isUnavailable = (error: unknown) =>
  error instanceof FlotillaError && error.code === 'provider-unavailable' && error.isRetryable;

describe('readMessageBatch', () => {
  it('reads one that has ended', () => {
    assert.deepEqual(readMessageBatch(ended), {
      pid: ended.id,
      createdAt: Date.UTC(2026, 10, 21, 18, 37, 24, 100),
      endedAt: Date.UTC(2026, 10, 21, 18, 52, 10),
      hasEnded: true,
      itemCount: 100,
      label: null,
      rawStatus: 'ended',
      lineCount: 100,
      resultsUrl: ended.results_url,
    });
  });

  it('N4: knows the number of items from the start', () => {
    const { itemCount, lineCount, hasEnded } = readMessageBatch(running);
    assert.deepEqual({ itemCount, lineCount, hasEnded }, { itemCount: 100, lineCount: 0, hasEnded: false });
  });

  it('G8: a state or a count added later neither ends it nor changes its sum', () => {
    const later = { ...running, processing_status: 'paused', request_counts: { processing: 98, refunded: 2 } };
    const { itemCount, hasEnded, rawStatus } = readMessageBatch(later);
    assert.deepEqual({ itemCount, hasEnded, rawStatus }, { itemCount: 100, hasEnded: false, rawStatus: 'paused' });
  });

  it('O6: has no results when archived, or when their address is null or empty', () => {
    assert.equal(readMessageBatch({ ...ended, archived_at: '2026-12-20T18:37:24Z' }).resultsUrl, null);
    assert.equal(readMessageBatch({ ...ended, results_url: null }).resultsUrl, null);
    assert.equal(readMessageBatch({ ...ended, results_url: '' }).resultsUrl, null);
  });

  it('takes the latest possible end when it does not say when', () => {
    assert.equal(readMessageBatch({ ...ended, ended_at: null }).endedAt, Date.parse(ended.expires_at));
  });

  for (const reply of [
    null,
    'text',
    [],
    {},
    { ...ended, id: '' },
    { ...ended, created_at: 'x' },
    { ...ended, request_counts: 1 },
  ]) {
    it(`O1: ${JSON.stringify(reply)?.slice(0, 40)} is unavailable, never a state`, () => {
      assert.throws(() => readMessageBatch(reply), isUnavailable);
    });
  }
});

describe('readBatchPage', () => {
  it('has a cursor while there is more', () => {
    const page = readBatchPage({ data: [running], has_more: true, first_id: running.id, last_id: running.id });
    assert.equal(page.nextCursor, running.id);
    assert.deepEqual(Object.keys(page.batches.map(toListedBatch)[0] ?? {}).sort(), [
      'createdAt',
      'endedAt',
      'hasEnded',
      'itemCount',
      'label',
      'pid',
      'rawStatus',
    ]);
    assert.equal(readBatchPage({ data: [running], has_more: false, last_id: running.id }).nextCursor, null);
    assert.equal(readBatchPage({ data: [running], has_more: true }).nextCursor, running.id);
  });

  it('never passes a gap for an end', () => {
    assert.throws(() => readBatchPage({ data: [running, { id: 'x' }], has_more: false }), isUnavailable);
    assert.throws(() => readBatchPage({ data: [], has_more: true, last_id: null }), isUnavailable);
    assert.throws(() => readBatchPage('<html>'), isUnavailable);
  });
});
