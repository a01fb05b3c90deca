import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { roleNames } from '#contracts/roles.ts';
import { startFleet, type TestFleet } from '#test/support/fleet-harness.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '#test/support/otlp-receiver.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const canary = 'CANARY7f3a';
const apiKey = `sk-ant-api03-${canary}`;
const documents = 40;
const producer = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };

const lineOf = (index: number): object => ({
  custom_id: `${canary}-${index}`,
  task: 'copy',
  content: `${canary} ${index}`,
});

describe('traces and metrics of a fleet, one process per role', () => {
  let receiver: OtlpReceiver;
  let fleet: TestFleet;
  let spans: ReceivedSpan[];
  /** Of each worker, in the order of the roles. */
  let pages: string[];
  const named = (name: string): ReceivedSpan[] => spans.filter(span => span.name === name);

  before(async () => {
    receiver = await startOtlpReceiver();
    fleet = await startFleet({
      workers: roleNames.map(role => ({ roles: [role] })),
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ANTHROPIC_API_KEY: apiKey },
    });
    await fleet.ready();
    const header = `traceparent=00-${producer.traceId}-${producer.spanId}-01`;
    await fleet.publish(
      Array.from({ length: documents }, (_, index) => lineOf(index)),
      ['-H', header],
    );
    await fleet.waitForResults(documents);
    await waitUntil('every document has told its answer', () => {
      spans = receiver.spans();
      return named('document.answer').length === documents;
    });
    pages = await Promise.all(fleet.workers.map(async worker => (await fetch(`${await worker.url()}/metrics`)).text()));
    await Promise.all(fleet.workers.map(worker => worker.kill('SIGTERM')));
    spans = receiver.spans();
  });
  after(async () => {
    await fleet?.stop();
    await receiver?.close();
  });

  it('join what three processes did for one batch into one trace', () => {
    const [settle] = named('batch.settle');
    const ofBatch = spans.filter(({ traceId }) => traceId === settle?.traceId);
    const processOf = (name: string): string | number | undefined =>
      ofBatch.find(span => span.name === name)?.resource['service.instance.id'];
    assert.deepEqual(['batch.seal', 'batch.create', 'batch.collect', 'batch.settle'].map(processOf), [
      'w1',
      'w2',
      'w3',
      'w3',
    ]);
    const seal = ofBatch.find(({ name }) => name === 'batch.seal');
    for (const { name, parentSpanId } of ofBatch)
      if (name !== 'batch.seal') assert.equal(parentSpanId, seal?.spanId, name);
  });

  it('lead every document from its producer to its batch and back', () => {
    const settles = new Map(named('batch.settle').map(span => [span.spanId, span]));
    for (const { traceId, parentSpanId, links } of named('document.answer')) {
      assert.deepEqual([traceId, parentSpanId], [producer.traceId, producer.spanId]);
      const settle = settles.get(links[0]?.spanId ?? '');
      assert.ok(settle?.links.some(link => link.traceId === producer.traceId));
    }
    assert.equal(new Set(named('document.answer').map(({ spanId }) => spanId)).size, documents);
    assert.equal(named('document.intake').length, documents);
  });

  it('serve what each process did at /metrics', () => {
    const valueAt = (page: string | undefined, series: string): number => {
      const line = page?.split('\n').find(each => each.startsWith(`${series} `));
      return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
    };
    const [accumulator, submitter, poller, sweeper] = pages;
    assert.equal(valueAt(accumulator, 'flotilla_documents_total{kind="batch"}'), documents);
    assert.equal(valueAt(accumulator, 'flotilla_lag_records{topic="documents"}'), 0);
    assert.ok(valueAt(submitter, 'flotilla_creates_total{outcome="created"}') >= 1);
    assert.equal(valueAt(poller, 'flotilla_settled_total{outcome="succeeded"}'), documents);
    assert.ok(valueAt(poller, 'flotilla_work_seconds_count{work="collect",outcome="done"}') >= 1);
    assert.ok(valueAt(sweeper, 'flotilla_work_seconds_count{work="sweep",outcome="done"}') >= 1);
    for (const page of pages) {
      assert.equal(valueAt(page, 'flotilla_draining'), 0);
      assert.equal(valueAt(page, 'flotilla_measure_failures_total'), 0);
      assert.ok(valueAt(page, 'flotilla_resident_bytes') > 0);
      assert.ok(valueAt(page, 'flotilla_lag_records{topic="journal"}') >= 0);
      assert.ok(valueAt(page, 'flotilla_queue_jobs{queue="submit"}') >= 0);
    }
  });

  it('let out no text of a document or a key: neither spans, nor metrics, nor logs (T3)', () => {
    assert.ok(!receiver.bytes().toString('utf8').includes(canary), 'spans');
    for (const page of pages) assert.ok(!page.includes(canary), 'metrics');
    for (const worker of fleet.workers) {
      const { stdout, stderr } = worker.written();
      assert.ok(!`${stdout}${stderr}`.includes(canary), `log of ${worker.name}`);
    }
  });
});
