import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSimulator } from '../service.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { findModel } from './models.ts';
import { priceUsage } from './price-usage.ts';
import { SimulatorMachine } from './simulator-machine.ts';
import type { UsageReportQuery } from './usage-report.ts';

const version = '2026-10-21';
const [minute, start] = [60_000, Date.UTC(2026, 10, 29, 6)];
const params = (geo?: string) => ({
  model: 'claude-haiku-5-5',
  max_tokens: 60,
  messages: [{ role: 'user', content: 'What is it for?' }],
  ...(geo === undefined ? {} : { inference_geo: geo }),
});
const query: UsageReportQuery = {
  startingAt: start + 30_000,
  endingAt: start + 3 * minute,
  bucketWidth: '1m',
  workspaceIds: [],
  apiKeyIds: [],
};

describe('usageReport', () => {
  it('has what was billed in the minute in which it was executed, five minutes later', () => {
    const machine = new SimulatorMachine({ store: createMemoryStore(), latency: { minMs: 0, maxMs: 0 } });
    machine.createMessage({ workspace: 'a', now: start + minute, version, params: params() });
    const items = [{ customId: 'x', params: JSON.stringify(params('us')) }];
    machine.createBatch({ workspace: 'a', now: start + 2 * minute, version, items });
    machine.addForeignBatch({ workspace: 'a', now: start + 2 * minute, itemCount: 2 });
    assert.deepEqual(
      machine.usageReport({ now: start + 5 * minute, ...query }).map(({ results }) => results.length),
      [0, 0, 0],
    );
    const buckets = machine.usageReport({ now: start + 8 * minute, ...query });
    assert.deepEqual(
      buckets.map(({ startingAt, results }) => [
        (startingAt - start) / minute,
        ...results.map(({ serviceTier, inferenceGeo, apiKeyId }) => `${serviceTier} ${inferenceGeo} ${apiKeyId}`),
      ]),
      [[0], [1, 'standard global apikey_a'], [2, 'batch us apikey_a', 'batch global apikey_a_other']],
    );
    const { rows } = machine.invoicePage({ now: start + 8 * minute });
    const own = machine.usageReport({ now: start + 8 * minute, ...query, apiKeyIds: ['apikey_a'] });
    assert.equal(
      own.flatMap(({ results }) => results).reduce((sum, result) => sum + result.outputTokens, 0),
      rows.filter(({ isForeign }) => !isForeign).reduce((sum, row) => sum + row.outputTokens, 0),
    );
  });
});

describe('usageReport of rows that an earlier program rounded to a nanodollar', () => {
  it('takes none of them for what was answered in the US alone', () => {
    const tokens = {
      inputTokens: 7,
      outputTokens: 10,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 2_001,
      cacheWrite1hTokens: 0,
    };
    const row = { workspace: 'a', batchId: 'b', customId: 'x', model: 'claude-haiku-5-5', ...tokens, isForeign: false };
    const usage = { input: 7, output: 10, cacheRead: 0, cacheWrite5m: 2_001, cacheWrite1h: 0 };
    const model = findModel('claude-haiku-5-5') ?? assert.fail();
    const geos = [false, true].map(isUsOnly => {
      const store = createMemoryStore();
      const exact = priceUsage({ model, usage, isBatch: true, isUsOnly });
      const costPicoDollars = 1_000 * Math.round(exact / 1_000);
      assert.notEqual(costPicoDollars, exact);
      store.addInvoiceRows([{ ...row, at: start + minute, costPicoDollars }]);
      const buckets = new SimulatorMachine({ store }).usageReport({ now: start + 60 * minute, ...query });
      return buckets.flatMap(({ results }) => results.map(({ inferenceGeo }) => inferenceGeo));
    });
    assert.deepEqual(geos, [['global'], ['us']]);
  });
});

describe('GET /v1/organizations/usage_report/messages', () => {
  it('is for admin keys, and has pages', async test => {
    const simulator = await startSimulator({ now: () => start + 60 * minute });
    test.after(() => simulator.close());
    const get = async (rest: string, key = 'sk-ant-admin01-x') => {
      const url = `${simulator.baseUrl}/v1/organizations/usage_report/messages?starting_at=2026-11-29T06:00:00Z${rest}`;
      const response = await fetch(url, { headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' } });
      return { status: response.status, body: (await response.json()) as Page };
    };
    assert.equal((await get('', 'sk-ant-api03-x')).status, 401);
    assert.equal((await get('&bucket_width=1w')).status, 400);
    assert.equal((await get('&bucket_width=1m&limit=1441')).status, 400);
    const span = '&ending_at=2026-11-29T06:05:00Z&bucket_width=1m&limit=3';
    const first = (await get(span)).body;
    const second = (await get(`${span}&page=${first.next_page}`)).body;
    assert.deepEqual([first.data.length, first.has_more], [3, true]);
    assert.deepEqual([second.data.length, second.has_more, second.next_page], [2, false, null]);
    assert.equal(second.data[0]?.starting_at, first.data[2]?.ending_at);
  });
});

interface Page {
  data: { starting_at: string; ending_at: string }[];
  has_more: boolean;
  next_page: string | null;
}
