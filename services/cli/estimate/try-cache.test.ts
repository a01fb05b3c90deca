import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildRequest } from '#core/build-request.ts';
import type { Document } from '#core/document.ts';
import { type Calibration, calibrate, coldCalibration } from '#core/estimate/calibration.ts';
import { noFeatures } from '#core/estimate/text-features.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import { markRequest } from '#core/prompt-cache/mark-request.ts';
import { planCache } from '#core/prompt-cache/plan-cache.ts';
import { primeRequest } from '#core/prompt-cache/prime-request.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import { SimulatorMachine } from '#services/simulator/machine/simulator-machine.ts';
import { createSimulatedTokenCounter } from '#services/simulator/simulated-token-counter.ts';
import { createMemoryStore } from '#services/simulator/store/memory-store.ts';
import { billOf } from '#test/support/bill-of.ts';
import { countSample } from './count-sample.ts';
import { estimateReport } from './estimate-report.ts';
import { FileEstimate } from './file-estimate.ts';

const at = Date.UTC(2026, 10, 29);
const model = 'claude-haiku-5-5';
const version = '2026-10-21';
const latency = { minMs: 600_000, maxMs: 1_800_000 };
const itemsMax = 100;
const primeMs = 2_000;
const handbook = 'Read what follows with care, and say what it is about. '.repeat(1_000);
const recipe: Recipe = { ...asIsRecipe, task: 'sort', model, maxTokens: 50, instructions: handbook };
const on: CachePolicy = { mode: 'on', holdBack: 0 };

const documentOf = (index: number): Document => ({
  customId: `d-${index}`,
  ask: { shape: 'content', content: `Document ${index}. ${'Some words of its own. '.repeat(20)}` },
  metadata: undefined,
  task: 'sort',
});

const documentsOf = (count: number) => Array.from({ length: count }, (_, index) => documentOf(index));

async function estimateOf(
  count: number,
  { policy = on, calibration }: { policy?: CachePolicy; calibration?: Calibration },
) {
  const file = new FileEstimate(at, 100);
  for (const document of documentsOf(count)) file.add(document, { recipe, itemsMax, policy });
  const counter = createSimulatedTokenCounter({ now: () => at, seed: 1, latency });
  const sample = await countSample(file, counter, calibration);
  await counter.close();
  return { sample, file, report: estimateReport(file, { sample, ...(calibration ? { calibration } : {}) }) };
}

/** The bill of the same documents at a simulator of another seed: planned, primed and bought batch by batch. */
function invoiceOf(count: number): number {
  const machine = new SimulatorMachine({ store: createMemoryStore(), seed: 7, latency });
  const bodies = documentsOf(count).map(({ ask }, offset) =>
    buildRequest(ask, recipe, { partition: 0, offset, att: 0 }),
  );
  const lessons = new CacheLessons();
  let now = at;
  for (let from = 0; from < count; from += itemsMax) {
    const own = bodies.slice(from, from + itemsMax);
    const items = own.map(body => promptBlocks(body));
    const bk = `bought ${from}`;
    const { plan, sightings } = planCache({ bk, model, at, items, lessons, holdoutShare: 0, mode: 'on' });
    for (const sighting of sightings) lessons.see(sighting);
    for (const mark of plan?.marks ?? []) {
      const prime = mark.prime ? primeRequest(own[0] ?? '', mark) : null;
      if (prime) machine.createMessage({ workspace: 'w', now, version, params: JSON.parse(prime) });
      if (prime) now += primeMs;
    }
    const marked = own.map((body, index) => ({ customId: `${index}`, params: markRequest(body, plan) }));
    machine.createBatch({ workspace: 'w', now, version, items: marked });
  }
  for (let next = machine.nextEventAt(); next !== null; next = machine.nextEventAt()) machine.advance(next);
  const { totals } = machine.invoicePage({ now, limit: 0 });
  machine.close();
  return billOf([totals]);
}

describe('what is tried of the cache', () => {
  for (const count of [30, 100, 300]) {
    it(`expects of ${count} documents within 5 % of what a simulator bills, which it tries for nothing`, async () => {
      const { report } = await estimateOf(count, {});
      const { cost, uncached } = report.sum;
      const billed = invoiceOf(count);
      assert.ok(cost && uncached && uncached.expected > 2 * billed, 'there is nothing to read');
      assert.ok(Math.abs(cost.expected / billed - 1) <= 0.05, `${cost.expected} for ${billed}`);
      assert.ok(cost.low <= billed && billed <= cost.high);
      assert.deepEqual([report.cache.label, report.cache.documents.tried], ['tried', count]);
    });
  }

  it('is nothing where the planner is off', async () => {
    const { sample, report } = await estimateOf(30, { policy: { mode: 'off', holdBack: 0 } });
    assert.deepEqual([sample.cached, report.cache.label], [[], 'none']);
  });

  it('gives way to bills', async () => {
    const { file } = await estimateOf(30, {});
    const [group] = file.groups;
    assert.ok(group);
    const bill = { answers: 1, inputTokens: 9_000, readTokens: 0, savedTokens: 0, primes: 0 };
    const answers = Array.from({ length: 30 }, () => ({
      model,
      key: group.key,
      task: 'sort',
      features: noFeatures,
      bytes: 1,
      inputTokens: 9_000,
      outputTokens: 1,
      cache: { key: group.cache.key, bk: 'b', isFirst: false, bill },
    }));
    const calibration = calibrate(answers);
    const { sample, report } = await estimateOf(30, { calibration });
    assert.deepEqual([sample.cached, report.cache.label], [[], 'learned']);
    const { sample: tried } = await estimateOf(30, { calibration: coldCalibration });
    const cached = calibration.withSample({ counts: new Map(), tried: [], cached: tried.cached });
    assert.deepEqual(cached.cacheOf(group.cache.key), calibration.cacheOf(group.cache.key));
  });
});
