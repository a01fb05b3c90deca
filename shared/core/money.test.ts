import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { contextTokensMax } from './estimate/token-bounds.ts';
import { batchItemsMax } from './limits.ts';
import { decimalDollars, formatDollars, nanodollarsPerDollar, parseDollars, sumOrUnknown } from './money.ts';
import { priceRows } from './prices.ts';

const amount = fc.oneof(fc.nat(2_000_000_000), fc.integer({ min: 0, max: 9_000_000 * nanodollarsPerDollar }));

describe('decimalDollars', () => {
  it('is exact, and read back as the same amount', () => {
    checkProperty(
      fc.property(amount, nanodollars => {
        assert.equal(parseDollars(decimalDollars(nanodollars)), nanodollars);
        assert.match(decimalDollars(nanodollars), /^\d+\.\d{2,9}$/);
      }),
    );
  });

  for (const [nanodollars, text] of [
    [0, '0.00'],
    [1, '0.000000001'],
    [10_000_000, '0.01'],
    [1_500_000_000, '1.50'],
    [-2_250_000_000, '-2.25'],
    [123_456_789_012, '123.456789012'],
  ] as const) {
    it(`writes ${nanodollars} nanodollars as ${text}`, () => assert.equal(decimalDollars(nanodollars), text));
  }
});

describe('sums of money', () => {
  const dollars = (amount: number): number => amount * nanodollarsPerDollar;

  it('are whole numbers, exactly, for a year of 24,000 $ a day, and for the worst case of the dearest batch', () => {
    const perDay = dollars(24_000) + 1;
    const year = Array.from({ length: 365 }, () => perDay).reduce((sum, day) => sum + day, 0);
    assert.ok(Number.isSafeInteger(year));
    assert.equal(BigInt(year), 365n * BigInt(perDay));
    const dearest = Math.max(...priceRows.map(row => contextTokensMax * row.cacheWrite1h + 10_000_000 * row.output));
    assert.ok(Number.isSafeInteger(dearest * batchItemsMax), 'the longest requests, and all that they may answer');
  });

  it('are of list prices in whole nanodollars: nothing is a fraction but the half of one', () => {
    for (const row of priceRows) {
      for (const price of [row.input, row.output, row.cacheRead, row.cacheWrite5m, row.cacheWrite1h]) {
        assert.ok(Number.isSafeInteger(price) && price > 0, row.model);
      }
    }
  });

  it('are unknown when nothing in them has a price, and never zero for that', () => {
    assert.deepEqual([sumOrUnknown(0, 0), sumOrUnknown(0, 2), sumOrUnknown(5, 2)], [0, null, 5]);
  });
});

describe('formatDollars', () => {
  it('is off by at most half of its last digit', () => {
    checkProperty(
      fc.property(amount, nanodollars => {
        const text = formatDollars(nanodollars).replace('$ ', '');
        const digits = text.split('.')[1]?.length ?? 0;
        assert.ok([2, 4, 6].includes(digits));
        const off = Math.abs(Number(text) - nanodollars / nanodollarsPerDollar);
        assert.ok(off <= 0.5 * 10 ** -digits * 1.000001 + 1e-9, `${nanodollars}: ${text}`);
      }),
    );
  });

  for (const [nanodollars, text] of [
    [null, 'unknown'],
    [0, '$ 0.00'],
    [12_340_000_000, '$ 12.34'],
    [250_000_000, '$ 0.2500'],
    [1_234_000, '$ 0.001234'],
    [-1_000_000_000, '-$ 1.00'],
  ] as const) {
    it(`shows ${nanodollars} as ${text}: an unknown price is never zero (P4)`, () => {
      assert.equal(formatDollars(nanodollars), text);
    });
  }
});

describe('parseDollars', () => {
  for (const [text, nanodollars] of [
    ['20', 20_000_000_000],
    ['0.5', 500_000_000],
    ['$3.20', 3_200_000_000],
    ['$ 3.20', 3_200_000_000],
    [' 1 ', 1_000_000_000],
    ['0', 0],
    ['0.000000001', 1],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => assert.equal(parseDollars(text), nanodollars));
  }

  for (const text of [
    '',
    '-1',
    '+1',
    '1.',
    '.5',
    '1,50',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '1.0000000001',
    '1 000',
    '$',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseDollars(text), null));
  }

  it('refuses what a number cannot hold to the nanodollar', () => {
    assert.equal(parseDollars('9999999.999999999'), null);
    assert.equal(parseDollars('9000000.000000001'), 9_000_000_000_000_001);
  });
});
