import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { addUsage, costOf, dearestPrice, noUsage, priceOf, type Usage } from './cost.ts';
import { fromNanodollars } from './money.ts';
import { priceRows } from './prices.ts';

const at = Date.UTC(2026, 10, 15);
const usage = (rest: Partial<Usage>): Usage => ({ ...noUsage, ...rest });
const tokens = fc.nat(500_000);
const anyUsage = recordOf({
  input: tokens,
  output: tokens,
  cacheRead: tokens,
  cacheWrite5m: tokens,
  cacheWrite1h: tokens,
});
const model = fc.constantFrom(...new Set(priceRows.map(row => row.model)));

describe('costOf', () => {
  it('P4: golden blocks: half the list price, each kind of token once, the saving against an uncached single call', () => {
    const golden: [string, Usage, { billed: number; individual: number }][] = [
      ['claude-sonnet-4-5', usage({ input: 1_000, output: 100 }), { billed: 2_250_000, individual: 4_500_000 }],
      ['claude-haiku-4-5', usage({ input: 10, cacheRead: 1_000 }), { billed: 55_000, individual: 1_010_000 }],
      ['claude-haiku-4-5', usage({ cacheWrite5m: 1_000 }), { billed: 625_000, individual: 1_000_000 }],
      ['claude-haiku-4-5', usage({ cacheWrite1h: 1_000 }), { billed: 1_000_000, individual: 1_000_000 }],
      ['claude-opus-4-5', usage({ output: 1 }), { billed: 12_500, individual: 25_000 }],
      ['claude-haiku-5-5', usage({ cacheWrite5m: 1 }), { billed: 62.5, individual: 100 }],
    ];
    for (const [name, block, { billed, individual }] of golden) {
      const cost = { billed: fromNanodollars(billed), individual: fromNanodollars(individual) };
      assert.deepEqual(costOf(name, block, at), cost, name);
    }
  });

  it('P4: is unknown, never zero, for a model without a price', () => {
    assert.equal(costOf('claude-unheard-of', usage({ input: 1 }), at), null);
    assert.equal(costOf('constructor', usage({ input: 1 }), at), null);
  });

  it('is a tenth more, exactly, for a request that must stay in one country', () => {
    const block = usage({ input: 333, output: 77, cacheRead: 11 });
    const plain = costOf('claude-haiku-4-5', block, at);
    const us = costOf('claude-haiku-4-5', block, at, { isUsOnly: true });
    assert.equal(us?.billed, fromNanodollars(((333 * 1_000 + 77 * 5_000 + 11 * 100) * 11) / 20));
    const written = costOf('claude-haiku-5-5', usage({ cacheWrite5m: 1 }), at, { isUsOnly: true });
    assert.equal(written?.billed, fromNanodollars(68.75));
    assert.ok(plain && us && us.individual > plain.individual);
  });

  it('goes by the base name of a dated snapshot', () => {
    assert.deepEqual(
      costOf('claude-haiku-4-5-20251001', usage({ input: 8 }), at),
      costOf('claude-haiku-4-5', usage({ input: 8 }), at),
    );
  });

  it('goes by the day of purchase', () => {
    const before = priceOf('claude-sonnet-5-5', { promptTokens: 1, at: Date.UTC(2026, 9, 7) - 1 });
    const after = priceOf('claude-sonnet-5-5', { promptTokens: 1, at: Date.UTC(2026, 9, 7) });
    assert.deepEqual([before?.cacheRead, after?.cacheRead], [200, 100].map(fromNanodollars));
    assert.equal(priceOf('claude-sonnet-5-5', { promptTokens: 1, at: Date.UTC(2025, 0, 1) }), null);
  });

  it('S5: what is reserved is dearer than any price known to hold until it is executed', () => {
    const change = Date.UTC(2026, 9, 7);
    const dearest = (when: number) => dearestPrice('claude-sonnet-5-5', { promptTokens: 1, at: when })?.cacheRead;
    assert.deepEqual([change - 1, change].map(dearest), [200, 100].map(fromNanodollars));
    const begin = Date.UTC(2026, 0, 1);
    assert.equal(dearestPrice('claude-sonnet-5-5', { promptTokens: 1, at: begin - 1 }), null);
    const when = fc.integer({ min: begin, max: begin + 366 * 86_400_000 });
    checkProperty(
      fc.property(model, when, fc.nat(7 * 86_400_000), (name, now, later) => {
        const reserved = dearestPrice(name, { promptTokens: 1, at: now });
        const billed = priceOf(name, { promptTokens: 1, at: now + later });
        assert.ok(reserved && billed);
        for (const column of ['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h'] as const) {
          assert.ok(reserved[column] >= billed[column], `${name}: ${column}`);
        }
      }),
    );
  });

  it('goes by the whole prompt, cache tokens included, where long prompts cost more', () => {
    const short = priceOf('claude-haiku-5-5', { promptTokens: 100_000, at });
    const long = priceOf('claude-haiku-5-5', { promptTokens: 100_001, at });
    assert.deepEqual([short?.input, long?.input], [100, 500].map(fromNanodollars));
    const cost = costOf('claude-haiku-5-5', usage({ input: 1, cacheRead: 100_000 }), at);
    assert.equal(cost?.billed, fromNanodollars((500 + 100_000 * 50) / 2));
  });

  it('is the sum of what its parts cost: nothing is lost by adding tokens up first', () => {
    checkProperty(
      fc.property(model, fc.array(anyUsage, { minLength: 1, maxLength: 5 }), fc.boolean(), (name, parts, isUsOnly) => {
        fc.pre(name !== 'claude-haiku-5-5'); // a longer prompt has another price
        const billedFor = (some: Usage): number => costOf(name, some, at, { isUsOnly })?.billed ?? Number.NaN;
        const billed = parts.reduce((sum, part) => sum + billedFor(part), 0);
        assert.equal(billedFor(parts.reduce(addUsage, noUsage)), billed);
      }),
    );
  });

  it('is a whole number, and never less for more tokens', () => {
    checkProperty(
      fc.property(model, anyUsage, anyUsage, (name, one, more) => {
        const [less, all] = [costOf(name, one, at), costOf(name, addUsage(one, more), at)];
        assert.ok(less && all && Number.isSafeInteger(less.billed) && Number.isSafeInteger(less.individual));
        assert.ok(less.billed >= 0 && all.billed >= less.billed && all.individual >= less.individual);
      }),
    );
  });
});

describe('addUsage', () => {
  it('adds each kind of token by itself, in any order', () => {
    checkProperty(
      fc.property(anyUsage, anyUsage, anyUsage, (a, b, c) => {
        assert.deepEqual(addUsage(addUsage(a, b), c), addUsage(a, addUsage(c, b)));
        assert.deepEqual(addUsage(a, noUsage), a);
      }),
    );
  });
});
