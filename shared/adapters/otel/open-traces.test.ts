import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchSpan, documentSpan } from '#core/span-context.ts';
import type { Span } from '#ports/telemetry.ts';
import { type OtlpReceiver, startOtlpReceiver } from '#test/support/otlp-receiver.ts';
import { openTraces, type Traces } from './open-traces.ts';

const bk = 'abcdefghijkl';
const producer = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', isSampled: true };

const sealSpan = (span: Partial<Span> = {}): Span => ({
  name: 'batch.seal',
  self: batchSpan(bk, 'batch.seal'),
  parent: null,
  startAt: 1_000,
  endAt: 3_000,
  links: [],
  attributes: {},
  ...span,
});

interface Setup {
  receiver: OtlpReceiver;
  traces: Traces;
  lost: [number, string][];
}

async function setup(
  t: { after(act: () => Promise<void>): void },
  { status = 200, queueMax = 100 }: { status?: number; queueMax?: number } = {},
): Promise<Setup> {
  const receiver = await startOtlpReceiver({ status });
  t.after(() => receiver.close());
  const lost: [number, string][] = [];
  const traces = openTraces({
    endpoint: `${receiver.endpoint}/`,
    version: '1.2.3',
    process: 'worker-1',
    onLost: (spans, why) => void lost.push([spans, why]),
    queueMax,
    exportEveryMs: 60_000,
  });
  return { receiver, traces, lost };
}

describe('openTraces', () => {
  it('exports a span with the ids, times, links and attributes it was given', async t => {
    const { receiver, traces, lost } = await setup(t);
    const answer = documentSpan(producer, { rid: '0/17', att: 0, name: 'document.answer' });
    traces.spans.record(sealSpan({ links: [producer], attributes: { 'flotilla.bk': bk, 'flotilla.items': 2 } }));
    traces.spans.record(sealSpan({ name: 'document.answer', self: answer, parent: producer, failure: 'expired' }));
    await traces.close();
    const [seal, answered] = receiver.spans();
    assert.equal(seal?.name, 'batch.seal');
    assert.equal(seal?.traceId, batchSpan(bk, 'batch.seal').traceId);
    assert.equal(seal?.spanId, batchSpan(bk, 'batch.seal').spanId);
    assert.equal(seal?.parentSpanId ?? '', '');
    assert.equal(BigInt(seal?.startTimeUnixNano ?? 0), 1_000_000_000n);
    assert.equal(BigInt(seal?.endTimeUnixNano ?? 0), 3_000_000_000n);
    assert.deepEqual(seal?.attributes, { 'flotilla.bk': bk, 'flotilla.items': 2 });
    assert.deepEqual(
      seal?.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
      [{ traceId: producer.traceId, spanId: producer.spanId }],
    );
    assert.equal(seal?.resource['service.name'], 'flotilla');
    assert.equal(seal?.resource['service.instance.id'], 'worker-1');
    assert.equal(answered?.traceId, producer.traceId);
    assert.equal(answered?.parentSpanId, producer.spanId);
    assert.equal(answered?.spanId, answer.spanId);
    assert.equal(answered?.status.message, 'expired');
    assert.deepEqual(lost, []);
  });

  it('follows the flag of the trace', async t => {
    const { receiver, traces, lost } = await setup(t);
    const parent = { ...producer, isSampled: false };
    const self = documentSpan(parent, { rid: '0/1', att: 0, name: 'document.answer' });
    traces.spans.record(sealSpan({ name: 'document.answer', self, parent }));
    await traces.close();
    assert.deepEqual(receiver.spans(), []);
    assert.deepEqual(lost, []);
  });

  it('lets no text out, whatever a caller says (T3)', async t => {
    const { receiver, traces } = await setup(t);
    traces.spans.record(
      sealSpan({ attributes: { 'flotilla.cause': 'the text of a document' }, failure: 'sk ant key' }),
    );
    await traces.close();
    assert.equal(receiver.spans()[0]?.attributes['flotilla.cause'], '[text]');
    assert.doesNotMatch(receiver.bytes().toString('utf8'), /document|sk ant/);
  });

  it('never lets a span end before it began', async t => {
    const { receiver, traces } = await setup(t);
    traces.spans.record(sealSpan({ startAt: 5_000, endAt: 4_000 }));
    await traces.close();
    const [span] = receiver.spans();
    assert.ok(BigInt(span?.startTimeUnixNano ?? 0) <= BigInt(span?.endTimeUnixNano ?? 0));
  });

  it('counts what its queue has no room for, and never waits', async t => {
    const { receiver, traces, lost } = await setup(t, { queueMax: 3 });
    for (let sub = 1; sub <= 5; sub++) traces.spans.record(sealSpan({ self: batchSpan(bk, 'batch.create', sub) }));
    assert.deepEqual(lost, [
      [1, 'queue-full'],
      [1, 'queue-full'],
    ]);
    await traces.close();
    assert.equal(receiver.spans().length, 3);
  });

  it('counts what the collector refused', async t => {
    const { traces, lost } = await setup(t, { status: 400 });
    traces.spans.record(sealSpan());
    await traces.close();
    assert.equal(lost.length, 1);
    assert.equal(lost[0]?.[0], 1);
  });
});
