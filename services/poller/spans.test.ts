import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchSpan } from '#core/span-context.ts';
import type { Topic } from '#ports/log.ts';
import type { Span, SpanName } from '#ports/telemetry.ts';
import { errored } from '#test/support/scripted-provider.ts';
import { TestFleet } from '#test/support/test-fleet.ts';

const producerOf = (index: number): { traceId: string; spanId: string } => ({
  traceId: (index + 1).toString(16).padStart(32, 'a'),
  spanId: (index + 1).toString(16).padStart(16, 'b'),
});

const traced = (index: number, flags = '01'): Record<string, string> => {
  const { traceId, spanId } = producerOf(index);
  return { traceparent: `00-${traceId}-${spanId}-${flags}` };
};

interface Life {
  fleet: TestFleet;
  spans: Span[];
  named(name: SpanName): Span[];
}

/** A whole life of these documents: one entry for each, its headers. */
async function live(
  headers: readonly Record<string, string>[],
  {
    itemsMax = 100,
    isOn = true,
    prepare,
  }: { itemsMax?: number; isOn?: boolean; prepare?: (fleet: TestFleet) => void } = {},
): Promise<Life> {
  const fleet = new TestFleet({ lane: { itemsMax } });
  prepare?.(fleet);
  const spans: Span[] = [];
  const sink = { record: (span: Span) => void spans.push(span) };
  const worker = await fleet.worker(isOn ? { spans: sink } : {});
  for (const [index, each] of headers.entries()) await fleet.enqueue(1, { headers: each, prefix: `d${index}` });
  await fleet.settleDown(worker, { forMs: 180_000 });
  fleet.assertAnsweredOnce(headers.length);
  return { fleet, spans, named: name => spans.filter(span => span.name === name) };
}

describe('spans', () => {
  it('tell one document from its intake to its answer in the trace of its producer, linked to the batch', async () => {
    const { fleet, named } = await live([traced(0)]);
    const [intake, ...otherIntakes] = named('document.intake');
    const [answer, ...otherAnswers] = named('document.answer');
    assert.deepEqual([otherIntakes, otherAnswers], [[], []]);
    const { bk } = fleet.journal('SEALED')[0] ?? { bk: '' };
    for (const span of [intake, answer]) {
      assert.equal(span?.self.traceId, producerOf(0).traceId);
      assert.equal(span?.parent?.spanId, producerOf(0).spanId);
      assert.equal(span?.attributes['flotilla.rid'], '0/0');
    }
    assert.deepEqual(intake?.links, [batchSpan(bk, 'batch.seal')]);
    assert.deepEqual(answer?.links, [batchSpan(bk, 'batch.settle')]);
    assert.equal(answer?.startAt, intake?.endAt, 'no gap between them');
    assert.equal(answer?.attributes['gen_ai.usage.input_tokens'], 100);
    assert.equal(answer?.attributes['gen_ai.request.model'], 'claude-haiku-5-5');
  });

  it('tell a batch in a trace of its own: seal, create, collect, settle, linked to its documents', async () => {
    const { spans } = await live([traced(0), traced(1), {}]);
    const batch = spans.filter(({ name }) => name.startsWith('batch.'));
    assert.deepEqual(
      batch.map(({ name }) => name),
      ['batch.seal', 'batch.create', 'batch.collect', 'batch.settle'],
    );
    const [seal, create, collect, settle] = batch;
    assert.equal(new Set(batch.map(({ self }) => self.traceId)).size, 1);
    assert.equal(seal?.parent, null);
    for (const span of [create, collect, settle]) assert.equal(span?.parent?.spanId, seal?.self.spanId);
    for (const span of [seal, settle]) {
      assert.deepEqual(
        span?.links.map(({ traceId }) => traceId),
        [producerOf(0).traceId, producerOf(1).traceId],
      );
      assert.equal(span?.attributes['flotilla.items'], 3);
    }
    assert.equal(create?.attributes['flotilla.outcome'], 'created');
    assert.equal(settle?.attributes['flotilla.done'], 3);
  });

  it('follow the flag of the trace, and leave alone what has none', async () => {
    const { spans } = await live([traced(0, '00'), {}, { traceparent: 'nonsense' }]);
    assert.deepEqual(
      spans.filter(({ name }) => name.startsWith('document.')),
      [],
    );
    for (const { links } of spans) assert.deepEqual(links, []);
  });

  it('have bounded links, and say how many were left out', async () => {
    const { named } = await live(
      Array.from({ length: 150 }, (_, index) => traced(index)),
      { itemsMax: 150 },
    );
    for (const name of ['batch.seal', 'batch.settle'] as const) {
      const [span] = named(name);
      assert.equal(span?.links.length, 128, name);
      assert.equal(span?.attributes['flotilla.links.left_out'], 22, name);
    }
    assert.equal(named('document.answer').length, 150);
  });

  it('tell every try, each linked to its batch, and one intake', async () => {
    const { named } = await live([traced(0)], {
      prepare: ({ provider }) => {
        provider.creates.push(accept => {
          const pid = accept();
          provider.end(provider.batch(pid), ids => ids.map(id => errored(id, 'transient')));
          return { status: 'created', pid, facts: provider.facts };
        });
      },
    });
    assert.equal(named('document.intake').length, 1);
    assert.deepEqual(
      named('document.retry').map(({ attributes }) => [attributes['flotilla.att'], attributes['flotilla.cause']]),
      [[0, 'provider-error']],
    );
    assert.deepEqual(
      named('document.answer').map(({ attributes }) => attributes['flotilla.att']),
      [1],
    );
    assert.equal(named('batch.settle').length, 2);
    const [retry, answer] = [named('document.retry')[0], named('document.answer')[0]];
    assert.notEqual(retry?.links[0]?.traceId, answer?.links[0]?.traceId);
    assert.equal(retry?.self.traceId, answer?.self.traceId);
  });

  it('say why a document failed, by its code', async () => {
    const fails = (fleet: TestFleet): void =>
      void fleet.provider.creates.push(accept => {
        const pid = accept();
        fleet.provider.end(fleet.provider.batch(pid), ids => ids.map(id => errored(id, 'document')));
        return { status: 'created', pid, facts: fleet.provider.facts };
      });
    const { named } = await live([traced(0)], { prepare: fails });
    assert.equal(named('document.answer')[0]?.failure, 'invalid-request');
    assert.equal(named('document.answer')[0]?.attributes['flotilla.cause'], 'invalid-request');
  });

  it('change nothing: the same bytes go to the provider and into every topic with them and without', async () => {
    const headers = [traced(0), {}, traced(1, '00')];
    const [on, off] = [await live(headers), await live(headers, { isOn: false })];
    assert.ok(on.spans.length > 0);
    assert.deepEqual(off.spans, []);
    const [posted, postedWithout] = [on, off].map(({ fleet }) =>
      fleet.provider.posts.map(({ label, items }) => ({ label, items })),
    );
    assert.equal(posted?.length, 1);
    assert.deepEqual(posted, postedWithout);
    const topics: readonly (readonly [Topic, number])[] = [
      ['journal', 1],
      ['results', 1],
      ['dead-letters', 1],
      ['settled', 2],
      ['recipes', 1],
    ];
    for (const [topic, partitions] of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const [with_, without] = [on, off].map(({ fleet }) => fleet.cluster.committed(topic, partition));
        assert.deepEqual(with_, without, topic);
      }
    }
  });
});
