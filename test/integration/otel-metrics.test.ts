import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createAnthropicProvider } from '#adapters/anthropic/create-anthropic-provider.ts';
import { createMemoryPayloadStore } from '#adapters/memory/create-memory-payload-store.ts';
import { type Metrics, openMetrics } from '#adapters/otel/open-metrics.ts';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import { resultLineBytesMax } from '#core/limits.ts';
import { timingFor } from '#core/timing.ts';
import { counters, gauges, histograms } from '#ports/telemetry.ts';
import { createRouting, laneBoundsDefault } from '#runtime/routing.ts';
import { startEngine } from '#services/cli/engine.ts';
import { startSimulator } from '#services/simulator/service.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const canary = 'CANARY7f3a';
const documents = 7;

/** One of them is no document; three go into a lane. */
const lineOf = (index: number): string =>
  index === 0
    ? `no json, but ${canary}`
    : JSON.stringify({
        custom_id: `${canary}-${index}`,
        params: { model: 'claude-haiku-5-5', max_tokens: 20, messages: [{ role: 'user', content: canary }] },
      });

/** Only what goes wrong writes these; a run in which nothing does has none of their series. */
const ofFaults: ReadonlySet<string> = new Set([
  'flotilla_resolved_total',
  'flotilla_retries_total',
  'flotilla_loop_failures_total',
]);

/** Only what saves money writes these, and only where it is switched on. */
const ofSavings: ReadonlySet<string> = new Set([
  'flotilla_primes_total',
  'flotilla_prime_nanodollars_total',
  'flotilla_cache_plans_total',
  'flotilla_cache_items_total',
  'flotilla_answer_lookups_total',
  'flotilla_answers_reused_total',
  'flotilla_answers_reused_nanodollars_total',
]);

/** Value by series. */
const seriesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

interface Run {
  /** While the engine waits for its batches. */
  during: Map<string, number>;
  atRest: Map<string, number>;
  stopped: Map<string, number>;
  text: string;
}

async function run(): Promise<Run> {
  const folder = makeTemporaryFolder('metrics');
  const simulator = await startSimulator({ timeScale: 60, latency: { minMs: 60_000, maxMs: 90_000 }, seed: 3 });
  const log = openSqliteLog({ directory: folder.path, partitions: { settled: 1 } });
  const metrics: Metrics = openMetrics({ version: '1.2.3', node: 'v24', residentBytes: () => 1 });
  const telemetry = createTelemetry({ level: 'info', path: null, process: 'test', metrics });
  const timing = timingFor(60);
  const provider = createAnthropicProvider({
    apiKey: `sk-ant-api03-${canary}`,
    baseUrl: simulator.baseUrl,
    createTimeoutMs: timing.httpMs,
    createTimeoutPerMegabyteMs: timing.httpPerMbMs,
    resultLineBytesMax,
  });
  const records = Array.from({ length: documents }, (_, index) => {
    return { key: null, value: Buffer.from(lineOf(index)), headers: {} };
  });
  await log.append({ topic: 'documents', partition: 0, records });
  const engine = await startEngine({
    log,
    payloads: createMemoryPayloadStore({ bytesMax: 1_000_000 }),
    telemetry,
    routing: createRouting({
      tasks: new Map(),
      asIs: { account: 'main', lane: { ...laneBoundsDefault, itemsMax: 3, ageMsMax: 200 } },
    }),
    timing,
    providers: new Map([['main', provider]]),
    createsAtOnce: 2,
    openBatchesMax: 10,
    crashHook: null,
    housekeeping: () => [],
  });
  const read = async (): Promise<Map<string, number>> => seriesOf(await metrics.text());
  const openAtProvider = 'flotilla_open_batches{state="created"}';
  try {
    let during = await read();
    await waitUntil('two batches are at the provider', async () => {
      during = await read();
      return during.get(openAtProvider) === 2;
    });
    await waitUntil('all are settled and released', async () => {
      const { view } = engine.follower;
      return (await log.endOffset('results', 0)) === documents && view.batches.size === 0;
    });
    const atRest = await read();
    const text = await metrics.text();
    await engine.stop();
    return { during, atRest, stopped: await read(), text };
  } finally {
    await engine.stop();
    await metrics.close();
    await log.close();
    await simulator.close();
    folder.remove();
  }
}

describe('metrics of a real engine', () => {
  let got: Run;
  before(async () => {
    got = await run();
  });

  const nameOf = (series: string): string => series.replace(/\{.*/, '');

  it('are all there, by their declared names, and no others', () => {
    const declared = [...Object.keys(counters), ...Object.keys(gauges), ...Object.keys(histograms)];
    const bare = [...got.stopped.keys()].map(series => nameOf(series).replace(/_(bucket|sum|count)$/, ''));
    const written = new Set([...bare, ...[...got.stopped.keys()].map(nameOf)]);
    const missing = declared.filter(name => !written.has(name) && !ofFaults.has(name) && !ofSavings.has(name));
    assert.deepEqual(missing, [], 'a metric that a whole run does not write');
    for (const name of bare) assert.ok(declared.includes(name), name);
  });

  it('count documents, batches, calls and money once each', () => {
    const { atRest } = got;
    const value = (series: string): number => atRest.get(series) ?? 0;
    assert.equal(value('flotilla_documents_total{kind="batch"}'), documents - 1);
    assert.equal(value('flotilla_documents_total{kind="reject"}'), 1);
    assert.equal(value('flotilla_creates_total{outcome="created"}'), 2);
    assert.equal(value('flotilla_provider_calls_total{operation="create",outcome="created"}'), 2);
    assert.equal(value('flotilla_settled_total{outcome="succeeded"}'), documents - 1);
    assert.equal(value('flotilla_dead_letters_total{cause="invalid-json"}'), 1);
    assert.equal(value('flotilla_lane_fill_ratio_count'), 2);
    assert.equal(value('flotilla_lane_fill_ratio_bucket{le="0.99"}'), 0);
    assert.equal(value('flotilla_stage_seconds_count{stage="settled"}'), 2);
    assert.ok(value('flotilla_spent_nanodollars_total') > 0);
    assert.equal(value('flotilla_individual_nanodollars_total'), 2 * value('flotilla_spent_nanodollars_total'));
    assert.ok(value('flotilla_tokens_total{kind="output"}') > 0);
    assert.equal(value('flotilla_measure_failures_total'), 0);
  });

  it('show what is open while it is open, with its age, and 0 when nothing is', () => {
    const { during, atRest } = got;
    assert.ok((during.get('flotilla_oldest_batch_seconds{state="created"}') ?? 0) > 0);
    for (const state of ['sealed', 'unsent', 'intent', 'aborted', 'created', 'closed', 'settled']) {
      assert.equal(atRest.get(`flotilla_open_batches{state="${state}"}`), 0, state);
      assert.equal(atRest.get(`flotilla_oldest_batch_seconds{state="${state}"}`), 0, state);
    }
    for (const series of ['flotilla_open_lanes', 'flotilla_lane_documents', 'flotilla_oldest_lane_seconds']) {
      assert.equal(atRest.get(series), 0, series);
    }
    for (const topic of ['documents', 'journal', 'settled']) {
      assert.equal(atRest.get(`flotilla_lag_records{topic="${topic}"}`), 0, topic);
    }
    for (const queue of ['submit', 'collect', 'retry']) {
      assert.equal(atRest.get(`flotilla_queue_jobs{queue="${queue}"}`), 0, queue);
    }
    for (const why of ['cap', 'breaker']) assert.equal(atRest.get(`flotilla_parked_batches{why="${why}"}`), 0, why);
    for (const work of ['submit', 'collect']) {
      assert.equal(atRest.get(`flotilla_work_underway{work="${work}"}`), 0, work);
      assert.equal(atRest.get(`flotilla_oldest_work_seconds{work="${work}"}`), 0, work);
      assert.ok((atRest.get(`flotilla_work_seconds_count{work="${work}",outcome="done"}`) ?? 0) > 0, work);
    }
  });

  it('say that a process drains, and how long that took', () => {
    assert.equal(got.atRest.get('flotilla_draining'), 0);
    assert.equal(got.stopped.get('flotilla_draining'), 1);
    assert.equal(got.stopped.get('flotilla_drain_seconds_count'), 1);
  });

  it('have no text of a document or a key (T3)', () => assert.ok(!got.text.includes(canary)));
});
