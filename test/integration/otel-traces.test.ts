import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { LogRecord } from '#ports/log.ts';
import { spanAttributes, spans as spanNames } from '#ports/telemetry.ts';
import { loadConfig } from '#runtime/config/load-config.ts';
import { type Embedded, openEmbedded } from '#services/cli/embedded.ts';
import { embeddedSettings } from '#services/cli/embedded-settings.ts';
import { startSimulator } from '#services/simulator/service.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '#test/support/otlp-receiver.ts';
import { readTopic } from '#test/support/read-topic.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { waitUntil } from '#test/support/wait-until.ts';

/** Stands in every text that a document, its task or its producer brings along. */
const canary = 'CANARY7f3a';
const apiKey = `sk-ant-api03-${canary}-key`;

const producerOf = (index: number): { traceId: string; spanId: string } => ({
  traceId: (index + 1).toString(16).padStart(32, 'a'),
  spanId: (index + 1).toString(16).padStart(16, 'b'),
});

const traceparent = (index: number, flags = '01'): Record<string, string> => {
  const { traceId, spanId } = producerOf(index);
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: `vendor=${canary}` };
};

const line = (index: number): string =>
  JSON.stringify({
    custom_id: `${canary}-${index}`,
    task: 'summarise',
    content: `The ${canary} of document ${index}.`,
    metadata: { note: `${canary} metadata` },
  });

const asIs = JSON.stringify({
  custom_id: `${canary}-as-is`,
  params: { model: `${canary} of a model`, max_tokens: 10, messages: [{ role: 'user', content: canary }] },
});

/** Sampled, sampled, not sampled, without a trace, a reject, and a model that the provider refuses. */
const documents: readonly { value: string; headers: Record<string, string> }[] = [
  { value: line(0), headers: traceparent(0) },
  { value: line(1), headers: { ...traceparent(1), 'idempotency-key': `${canary} key` } },
  { value: line(2), headers: traceparent(2, '00') },
  { value: line(3), headers: {} },
  { value: `{"${canary}": not json`, headers: traceparent(4) },
  { value: asIs, headers: traceparent(5) },
];

interface Run {
  receiver: OtlpReceiver;
  results: LogRecord[];
  /** What the engine logged beside. */
  log: string;
}

/** The real engine, once, from the documents topic to the results, against a simulator behind a real key. */
async function run(): Promise<Run> {
  const folder = makeTemporaryFolder('traces');
  const receiver = await startOtlpReceiver();
  const simulator = await startSimulator({ timeScale: 600, latency: { minMs: 1_000, maxMs: 2_000 }, seed: 7 });
  const loaded = await loadConfig({
    directory: folder.path,
    flags: {
      state: folder.path,
      lane: { ageMs: 200 },
      tasks: {
        summarise: { model: 'claude-haiku-5-5', instructions: canary, maxTokens: 50, lane: { ageMs: 200 } },
      },
    },
    env: {
      ANTHROPIC_API_KEY: apiKey,
      ANTHROPIC_BASE_URL: simulator.baseUrl,
      FLOTILLA_TIME_SCALE: '600',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    },
  });
  const embedded = openEmbedded(embeddedSettings(loaded));
  try {
    await append(embedded);
    await embedded.becomeEngine();
    const results: LogRecord[] = [];
    await waitUntil('every document is answered', async () => {
      results.splice(0, Infinity);
      for await (const record of readTopic(embedded.log, 'results')) results.push(record);
      return results.length === documents.length;
    });
    await embedded.close();
    return { receiver, results, log: readFileSync(join(folder.path, 'flotilla.log'), 'utf8') };
  } finally {
    await embedded.close();
    await simulator.close();
    folder.remove();
  }
}

async function append({ log }: Embedded): Promise<void> {
  const records = documents.map(({ value, headers }) => ({ key: null, value: Buffer.from(value), headers }));
  await log.append({ topic: 'documents', partition: 0, records });
}

describe('traces of a real engine', () => {
  let got: Run;
  let spans: ReceivedSpan[];
  const named = (name: string): ReceivedSpan[] => spans.filter(span => span.name === name);
  before(async () => {
    got = await run();
    spans = got.receiver.spans();
  });
  after(() => got?.receiver.close());

  it('have names and attributes of the page, and no others', () => {
    for (const { name, attributes } of spans) {
      assert.ok(name in spanNames, name);
      for (const each of Object.keys(attributes)) assert.ok(each in spanAttributes, each);
    }
  });

  it('show each sampled document from intake to answer in the trace of its producer', () => {
    for (const index of [0, 1, 4, 5]) {
      const { traceId, spanId } = producerOf(index);
      const own = spans.filter(span => span.traceId === traceId);
      assert.deepEqual(own.map(({ name }) => name).sort(), ['document.answer', 'document.intake'], `document ${index}`);
      for (const span of own) assert.equal(span.parentSpanId, spanId);
    }
  });

  it('show nothing of a document whose trace is not recorded, or that has none', () => {
    assert.deepEqual(
      spans.filter(({ traceId }) => traceId === producerOf(2).traceId),
      [],
    );
    const sampled = [0, 1, 4, 5].map(index => producerOf(index).traceId);
    for (const span of spans.filter(({ name }) => name.startsWith('document.')))
      assert.ok(sampled.includes(span.traceId));
  });

  it('lead from a document to its batch and back', () => {
    const [answer] = named('document.answer').filter(({ traceId }) => traceId === producerOf(0).traceId);
    const [link] = answer?.links ?? [];
    const settle = named('batch.settle').find(({ spanId }) => spanId === link?.spanId);
    assert.ok(settle, 'the link leads to a span that was exported');
    assert.equal(settle.traceId, link?.traceId);
    assert.ok(
      settle.links.some(({ traceId }) => traceId === producerOf(0).traceId),
      'and that one leads back',
    );
    assert.equal(settle.attributes['flotilla.bk'], answer?.attributes['flotilla.bk']);
    const ofBatch = spans.filter(({ traceId }) => traceId === settle.traceId).map(({ name }) => name);
    assert.deepEqual(ofBatch.sort(), ['batch.collect', 'batch.create', 'batch.seal', 'batch.settle']);
  });

  it('take up the trace where the results leave it: the header of the document is on its answer', () => {
    const answer = got.results.find(({ headers }) => headers['flotilla-rid'] === '0/0');
    assert.equal(answer?.headers.traceparent, documents[0]?.headers.traceparent);
  });

  it('have times in order, all within this run', () => {
    for (const { name, startTimeUnixNano, endTimeUnixNano } of spans) {
      assert.ok(BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano), name);
      assert.ok(Math.abs(Number(BigInt(endTimeUnixNano) / 1_000_000n) - Date.now()) < 600_000, name);
    }
  });

  it('bring out no text of a document, a task, a producer or a key, and neither does the log (T3)', () => {
    assert.ok(got.receiver.bytes().length > 1_000, 'something was exported');
    assert.ok(!got.receiver.bytes().toString('utf8').includes(canary), 'exported bytes');
    assert.ok(!got.log.includes(apiKey), 'log');
    assert.ok(!got.log.includes(`The ${canary}`), 'log');
  });
});
