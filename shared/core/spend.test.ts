import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { costOf, noUsage, type Usage } from './cost.ts';
import { tokenBucket } from './cost-report/token-buckets.ts';
import { SpendRows, type SpentItem } from './spend.ts';

const model = 'claude-haiku-4-5';
const at = Date.UTC(2026, 10, 24);
const plain: Usage = { ...noUsage, input: 1_001, output: 11 };
const cached: Usage = { ...noUsage, input: 1, cacheRead: 1_000, output: 11 };

const item = (usage: Usage | null, rest: Partial<SpentItem> = {}): SpentItem => ({
  tenant: null,
  model,
  usage,
  cost: usage && costOf(model, usage, at),
  end: 'delivered',
  isRetry: false,
  ...rest,
});

function rowsOf(...items: SpentItem[]) {
  const spend = new SpendRows();
  for (const each of items) spend.add(each);
  return spend.rows;
}

describe('SpendRows', () => {
  it('without cache, everything costs what it would cost without cache, exactly', () => {
    const [row] = rowsOf(item(plain), item({ ...plain, input: 3 }));
    assert.equal(row?.billed, row?.uncached);
    assert.equal(
      row?.individual,
      costOf(model, plain, at)!.individual + costOf(model, { ...plain, input: 3 }, at)!.individual,
    );
  });

  it('what the cache saved is what the same tokens cost less', () => {
    const [row] = rowsOf(item(cached));
    assert.equal(row?.uncached, costOf(model, plain, at)?.billed);
    assert.ok((row?.billed ?? 0) < (row?.uncached ?? 0));
  });

  it('what was not delivered is waste, and would not have been bought one by one', () => {
    const [row] = rowsOf(item(plain), item(plain, { end: 'truncated' }), item(plain, { end: 'other', isRetry: true }));
    const { billed, individual } = costOf(model, plain, at)!;
    assert.deepEqual([row?.bought, row?.delivered, row?.truncated, row?.retries], [3, 1, 1, 1]);
    assert.deepEqual(
      [row?.billed, row?.wasted, row?.retried, row?.individual],
      [3 * billed, 2 * billed, billed, individual],
    );
  });

  it('counts how long answers were that were delivered, and no others', () => {
    const [row] = rowsOf(item(plain), item(plain), item(plain, { end: 'truncated' }), item(null, { end: 'other' }));
    assert.deepEqual(row?.answers, [[tokenBucket(plain.output), 2]]);
    assert.equal('answers' in (rowsOf(item(plain, { end: 'truncated' }))[0] ?? {}), false);
  });

  it('counts what has no price and what was lost, and puts neither into a sum', () => {
    const [row] = rowsOf(item(plain, { cost: null }), item(null, { end: 'other' }));
    assert.deepEqual([row?.bought, row?.unpriced, row?.lost, row?.billed], [1, 1, 1, 0]);
    assert.equal(row?.usage.input, plain.input);
  });

  it('keeps tenants and models apart, whatever they are called', () => {
    const names: [string | null, string][] = [
      [null, 'm'],
      ['null', 'm'],
      ['__proto__', 'm'],
      [null, 'n'],
    ];
    const rows = rowsOf(...names.map(([tenant, name]) => item(plain, { tenant, model: name })));
    assert.deepEqual(
      rows.map(row => [row.tenant, row.model]),
      names,
    );
  });
});
