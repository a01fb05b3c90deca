import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDocument } from '#contracts/parse-document.ts';
import { readEnvelope } from '#core/envelope.ts';
import type { FlotillaError } from '#errors/flotilla-error.ts';
import { documentRecord, type SendOptions } from './document-record.ts';

const document = { custom_id: 'a', task: 'summarise', content: 'Text.', metadata: { shelf: 7 } };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('documentRecord', () => {
  it('is keyed by the name of the document, and says nothing that was not given', () => {
    const { key, value, headers } = documentRecord(document);
    assert.deepEqual([key, headers], ['a', {}]);
    assert.deepEqual(JSON.parse(value.toString()), document);
  });

  it('carries every option so that intake reads it back', () => {
    const deadline = new Date('2026-12-01T00:00:00Z');
    const event = { id: '17', source: '/orders', type: 'order.placed' };
    const traceContext = { traceparent, tracestate: 'vendor=1' };
    const options = { deadline, event, traceContext, idempotencyKey: 'k', tenant: 'acme', run: 'r', task: 'other' };
    const record = documentRecord(document, { ...options, metadata: [1], headers: { 'x-reply': 'here' } });
    const envelope = readEnvelope({ ...record, partition: 0, offset: 0, at: 0 });
    const { deadlineAt, idempotencyKey, tenant, run, fault, trace } = envelope;
    assert.deepEqual([deadlineAt, idempotencyKey, tenant, run, fault], [deadline.getTime(), 'k', 'acme', 'r', null]);
    assert.deepEqual(envelope.event, event);
    assert.deepEqual(trace, { parent: traceparent, state: 'vendor=1' });
    assert.equal(record.headers['x-reply'], 'here');
    const parsed = parseDocument(record, { tasks: new Set(['summarise']), hasAnthropic: true });
    assert.equal(parsed.is === 'document' && parsed.document.task, 'summarise', 'its own task goes before the header');
    assert.deepEqual(parsed.is === 'document' && parsed.document.metadata, [1]);
  });

  for (const [what, options, code] of [
    ['a key that is too long', { idempotencyKey: 'k'.repeat(513) }, 'invalid-header'],
    ['an empty key', { idempotencyKey: '' }, 'invalid-header'],
    ['a deadline in seconds', { deadline: 1_800_000_000 / 1_000 }, 'invalid-header'],
    ['a deadline that is no time', { deadline: new Date('soon') }, 'invalid-header'],
    ['a document that is too large', { metadata: 'x'.repeat(1024 * 1024) }, 'document-too-large'],
  ] as const satisfies (readonly [string, SendOptions, string])[]) {
    it(`refuses ${what} before it is sent`, () =>
      assert.throws(
        () => documentRecord(document, options),
        (error: FlotillaError) => error.code === code,
      ));
  }
});
