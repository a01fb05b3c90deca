import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { costOf, noUsage, priceOf } from '#core/cost.ts';
import type { Document } from '#core/document.ts';
import { answerKey, calibrate, type SeenAnswer } from '#core/estimate/calibration.ts';
import { fromNanodollars } from '#core/money.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { terminalLook } from '../terminal/terminal-look.ts';
import { countSample } from './count-sample.ts';
import { estimateJson, estimateReport, individually } from './estimate-report.ts';
import { FileEstimate } from './file-estimate.ts';
import { estimateInShort, renderEstimate } from './render-estimate.ts';

const at = Date.UTC(2026, 10, 23);
const look = terminalLook({ isTty: false, columns: 80, env: { LANG: 'C.UTF-8' }, colorAllowed: true });

const documentOf = (model: string): Document => ({
  customId: 'a',
  ask: {
    shape: 'as-is',
    provider: 'anthropic',
    params: { model, max_tokens: 100, messages: [{ role: 'user', content: 'some words '.repeat(90) }] },
  },
  metadata: undefined,
  task: null,
});

const off: CachePolicy = { mode: 'off', holdBack: 0 };
const sourceOf = (recipe: Recipe, policy = off) => ({ recipe, itemsMax: 100, policy });

function fileOf(models: readonly string[], sampleMax = 0): FileEstimate {
  const sum = new FileEstimate(at, sampleMax);
  for (const model of models) sum.add(documentOf(model), sourceOf(asIsRecipe));
  return sum;
}

const reportOf = (...models: string[]) => estimateReport(fileOf(models));
const haiku = 'claude-haiku-4-5';

describe('estimateReport', () => {
  it('adds up, at half of the price of single calls', () => {
    const [one, two] = [reportOf(haiku).sum.cost, reportOf(haiku, haiku).sum.cost];
    assert.ok(one && two);
    assert.equal(two.high, one.high * 2);
    assert.equal(individually(reportOf(haiku).sum).expected, one.expected * 2);
    assert.ok(one.low < one.expected && one.expected < one.high);
  });

  it('shows an unknown price as unknown, in no sum', () => {
    const mixed = reportOf(haiku, 'claude-nobody', 'claude-nobody');
    assert.deepEqual(mixed.sum.cost, reportOf(haiku).sum.cost);
    assert.deepEqual(mixed.unpriced, { documents: 2, models: ['claude-nobody'] });
    assert.match(renderEstimate('a.jsonl', mixed, look), /unknown price +2 documents \(claude-nobody\), in no sum/);
    assert.match(estimateInShort(mixed) ?? '', /^about \$ .*; unknown price: 2 documents, in no sum$/);
    const unknown = reportOf('claude-nobody');
    assert.doesNotMatch(renderEstimate('a.jsonl', unknown, look), /as batches|\$/);
    assert.equal(estimateInShort(unknown), 'unknown price: 1 document');
    assert.equal((estimateJson(unknown) as { models: { batchUsd: unknown }[] }).models[0]?.batchUsd, null);
  });

  it('gives programs decimal strings', () => {
    const { batchUsd, priceTableDate } = estimateJson(reportOf(haiku)) as {
      batchUsd: Record<string, string>;
      priceTableDate: string;
    };
    assert.match(batchUsd.low ?? '', /^0\.\d+$/);
    assert.match(priceTableDate, /^\d{4}-\d\d-\d\d$/);
  });

  it('low holds what is read from the cache, and what is not bought at all', () => {
    const usage = { ...noUsage, cacheRead: 5_000, output: 1 };
    const words = 'some words '.repeat(2_500);
    const params = { model: haiku, max_tokens: 100, messages: [{ role: 'user', content: words }] };
    const long = { ...documentOf(haiku), ask: { shape: 'as-is', provider: 'anthropic', params } } as const;
    const file = new FileEstimate(at);
    file.add(long, sourceOf(asIsRecipe));
    assert.ok(file.costMin > 0 && file.costMin <= (costOf(haiku, usage, at)?.billed ?? 0));
    const given = new FileEstimate(at);
    given.add(long, sourceOf({ ...asIsRecipe, reusable: true }));
    assert.equal(given.costMin, 0);
  });

  it('counts rejected lines, which cost nothing', () => {
    const file = fileOf([]);
    file.reject();
    assert.deepEqual([file.rejected, file.costMin, estimateInShort(estimateReport(file))], [1, 0, null]);
  });

  it('says what it rests on: a calibration, counts of the provider, or answers', async () => {
    const { label } = reportOf(haiku).input;
    assert.equal(label, 'calibrated');
    assert.match(renderEstimate('a', reportOf(haiku), look), /published[\s\S]*quarter of\s+max_tokens/);

    const file = fileOf([haiku, haiku], 10);
    const sample = await countSample(file, {
      countTokens: async () => 321,
      tryAnswer: null,
      tryBatches: null,
      close: async () => {},
    });
    const exact = estimateReport(file, { sample });
    assert.deepEqual([exact.input.label, exact.sum.input.expected], ['exact', 642]);

    const tried = fileOf(
      Array.from({ length: 30 }, () => haiku),
      25,
    );
    const simulator = {
      countTokens: async () => 321,
      tryAnswer: async () => 12,
      tryBatches: null,
      close: async () => {},
    };
    const simulated = estimateReport(tried, { sample: await countSample(tried, simulator) });
    assert.match(renderEstimate('a', simulated, look), /learned from 25 answers that the simulator gave here/);
    assert.ok(Math.abs(simulated.sum.output.expected - 30 * 12) < 30);

    const features = fileOf([haiku]).groups[0]?.features ?? [];
    const key = answerKey({ recipe: null, model: haiku, maxTokens: 100 });
    const answer = {
      model: haiku,
      key,
      task: 'a',
      features,
      bytes: 1_100,
      inputTokens: 500,
      outputTokens: 30,
      cache: null,
    };
    const learned = estimateReport(fileOf([haiku]), {
      calibration: calibrate(Array.from({ length: 50 }, () => answer)),
    });
    assert.deepEqual([learned.input.label, learned.output.label], ['learned', 'learned']);
    assert.ok(Math.abs(learned.sum.input.expected - 500) < 5);
    assert.ok(Math.abs(learned.sum.output.expected - 30) < 1);
  });

  it('keeps what was counted before the provider stopped answering, and says so', async () => {
    const file = fileOf([haiku, haiku, haiku, 'claude-nobody'], 10);
    let calls = 0;
    const countTokens = async (body: string): Promise<number | null> => {
      calls += 1;
      if (body.includes('nobody')) return null;
      if (calls > 2) throw new FlotillaError('provider-unavailable', { why: 'HTTP 429' });
      return 300;
    };
    const sample = await countSample(file, { countTokens, tryAnswer: null, tryBatches: null, close: async () => {} });
    assert.equal(sample.stopped, 'HTTP 429');
    assert.ok(sample.counted >= 1 && sample.counted <= 2);
    assert.match(renderEstimate('a', estimateReport(file, { sample }), look), /counting stopped: HTTP 429/);
  });
});

describe('what is expected of the cache', () => {
  const handbook = 'All that is to be known of harbours, ships and ropes. '.repeat(600);
  const recipe: Recipe = { ...asIsRecipe, task: 'a', model: haiku, maxTokens: 100, instructions: handbook };
  const on: CachePolicy = { mode: 'on', holdBack: 0 };

  /** A file of one task with long instructions. */
  function longFile(policy: CachePolicy, instructions = handbook): FileEstimate {
    const file = new FileEstimate(at);
    for (let n = 0; n < 100; n += 1) {
      const document: Document = {
        customId: `${n}`,
        ask: { shape: 'content', content: `${n}` },
        metadata: undefined,
        task: 'a',
      };
      file.add(document, sourceOf({ ...recipe, instructions }, policy));
    }
    return file;
  }

  /** Answers that were marked so and read all but 100 of 5,000 tokens. */
  const calibrationOf = (file: FileEstimate) => {
    const { key, features: sum, documents, cache } = file.groups[0] ?? assert.fail();
    const features = sum.map(count => count / documents);
    const bill = { answers: 1, inputTokens: 5_000, readTokens: 4_900, savedTokens: 4_410, primes: 1_000 };
    const answer = { model: haiku, key, task: 'a', features, bytes: 20_000, inputTokens: 5_000, outputTokens: 30 };
    const seen = (n: number): SeenAnswer => ({
      ...answer,
      cache: { key: cache.key, isFirst: false, bk: `b${n % 5}`, bill },
    });
    return calibrate(Array.from({ length: 500 }, (_, n) => seen(n)));
  };
  const words = (file: FileEstimate, options: Parameters<typeof estimateReport>[1] = {}) =>
    renderEstimate('a', estimateReport(file, options), look).replaceAll(/\s+/g, ' ');

  it('is what answers had that were marked alike, primes included; single calls are without', () => {
    const calibration = calibrationOf(longFile(on));
    const { sum } = estimateReport(longFile(on), { calibration });
    const plain = estimateReport(longFile({ ...on, mode: 'off' }), { calibration }).sum;
    assert.ok(sum.cost && plain.cost);
    const less = 100 * (fromNanodollars(4_410 * 500) - 1_000);
    assert.ok(
      Math.abs(plain.cost.expected - sum.cost.expected - less) < 1e-3,
      `${plain.cost.expected - sum.cost.expected}`,
    );
    assert.deepEqual(individually(sum), individually(plain));
    assert.match(
      words(longFile(on), { calibration }),
      /prompt cache as in the newest 500 answers: 98 % of their input read, first batches included, no answer/,
    );
  });

  it('is nothing where markers are off or only told, whatever answers had that were marked', () => {
    const calibration = calibrationOf(longFile(on));
    for (const mode of ['off', 'shadow'] as const) {
      const report = estimateReport(longFile({ ...on, mode }), { calibration });
      assert.equal(report.sum.cost?.expected, report.sum.uncached?.expected);
      assert.equal(report.cache.label, 'none');
    }
    assert.match(words(longFile(off), { calibration }), /expected: no prompt cache, no answer given again/);
  });

  it('is what the planner decides by before anything was learned, and said to be', () => {
    const { sum, cache } = estimateReport(longFile(on));
    assert.ok(sum.cost && sum.uncached !== null && sum.likely);
    assert.ok(cache.label === 'planned' && cache.planned > 0);
    assert.ok(Math.abs(sum.uncached.expected - sum.cost.expected - cache.planned) < 1e-3);
    // Documented are hit rates from 30 to 98 %: either bill is likely.
    const prefix = 0.45 * sum.uncached.expected;
    assert.ok(sum.likely.low < sum.cost.expected - prefix / 2 && sum.likely.high > sum.cost.expected + prefix / 2);
    assert.match(
      words(longFile(on)),
      /prompt cache for 100 documents as the planner guesses: 64 % of them read it, \$ 0\.\d+ less/,
    );
    assert.equal(estimateReport(longFile(on, 'Be brief.')).cache.label, 'none');
  });

  it('is by what other prefixes of the model showed, where they did', () => {
    const lessons = new CacheLessons();
    for (let n = 0; n < 20; n += 1) {
      const seen = { bk: `b${n}`, hash: 'other', model: haiku, ttl: '5m', isPrimed: true, items: 100, at } as const;
      lessons.see(seen);
      const tokens = { prefixTokens: 9_000, promptTokens: 950_000, readTokens: 900_000, writtenTokens: 0 };
      lessons.learn({ ...seen, ...tokens, use: 'marked', hits: 100 });
    }
    const { cache, sum } = estimateReport(longFile(on), { calibration: calibrate([], lessons) });
    const cold = estimateReport(longFile(on));
    assert.ok((cache.hitRate ?? 0) > 0.9 && (sum.cost?.expected ?? 0) < (cold.sum.cost?.expected ?? 0));
  });

  it('high is what INTENT reserves for markers, and a prime for each of them; low is as without', () => {
    const costOfFile = (...from: Parameters<typeof longFile>) =>
      estimateReport(longFile(...from)).sum.cost ?? assert.fail();
    const [marked, plain] = [costOfFile(on), costOfFile(off)];
    const price = priceOf(haiku, { promptTokens: 1, at }) ?? assert.fail();
    const tokensMax = longFile(on).groups.reduce((sum, { bounds }) => sum + bounds.high, 0);
    const written = (tokensMax * (price.cacheWrite1h - price.input)) / 2;
    assert.ok(marked.high - plain.high >= written + (tokensMax / 100) * price.cacheWrite1h);
    assert.equal(marked.low, plain.low);
    assert.deepEqual(costOfFile(on, 'Be brief.').high, costOfFile(off, 'Be brief.').high);
  });

  it('names markers of producers that nothing was learned of', () => {
    const system = [{ type: 'text', text: handbook, cache_control: { type: 'ephemeral' } }];
    const params = { model: haiku, max_tokens: 100, system, messages: [{ role: 'user', content: 'Hello' }] };
    const marked = () => {
      const file = new FileEstimate(at);
      file.add({ ...documentOf(haiku), ask: { shape: 'as-is', provider: 'anthropic', params } }, sourceOf(asIsRecipe));
      return file;
    };
    assert.match(words(marked()), /no prompt cache for 1 document with markers of their own/);
    const { label, readShare } = estimateReport(marked(), { calibration: calibrationOf(marked()) }).cache;
    assert.deepEqual([label, readShare], ['learned', 0.98]);
  });
});
