import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { contextTokensMax } from './estimate/token-bounds.ts';
import { batchItemsMax } from './limits.ts';
import {
  decimalDollars,
  formatDollars,
  fromNanodollars,
  parseDollars,
  sumOrUnknown,
  toNanodollars,
  unitsPerDollar,
} from './money.ts';
import { priceRows } from './prices.ts';

const dollarsMax = 2_251_799;
const amount = fc.oneof(fc.nat(8_000_000_000), fc.integer({ min: 0, max: dollarsMax * unitsPerDollar }));

describe('decimalDollars', () => {
  it('is exact, and read back as the same amount', () => {
    checkProperty(
      fc.property(amount, units => {
        const text = decimalDollars(units);
        assert.equal(parseDollars(text), units);
        assert.match(text, /^\d+\.\d{2,11}$/);
        const [whole = '', fraction = ''] = text.split('.');
        assert.equal(BigInt(whole + fraction.padEnd(11, '0')), BigInt(units) * 25n);
      }),
    );
  });

  for (const [units, text] of [
    [0, '0.00'],
    [1, '0.00000000025'],
    [2, '0.0000000005'],
    [4, '0.000000001'],
    [40_000_000, '0.01'],
    [6_000_000_000, '1.50'],
    [-9_000_000_000, '-2.25'],
    [493_827_156_049, '123.45678901225'],
    [Number.MAX_SAFE_INTEGER, '2251799.81368524775'],
  ] as const) {
    it(`writes ${units} quarters of a nanodollar as ${text}`, () => assert.equal(decimalDollars(units), text));
  }
});

describe('sums of money', () => {
  const dollars = (amount: number): number => amount * unitsPerDollar;

  it('are whole numbers, exactly, for a year of 6,000 $ a day, and for the worst case of the dearest batch', () => {
    const perDay = dollars(6_000) + 1;
    const year = Array.from({ length: 365 }, () => perDay).reduce((sum, day) => sum + day, 0);
    assert.ok(Number.isSafeInteger(year));
    assert.equal(BigInt(year), 365n * BigInt(perDay));
    const dearest = Math.max(...priceRows.map(row => contextTokensMax * row.cacheWrite1h + 10_000_000 * row.output));
    assert.ok(Number.isSafeInteger(dearest * batchItemsMax), 'the longest requests, and all that they may answer');
  });

  it('are unknown when nothing in them has a price, and never zero for that', () => {
    assert.deepEqual([sumOrUnknown(0, 0), sumOrUnknown(0, 2), sumOrUnknown(5, 2)], [0, null, 5]);
  });
});

describe('nanodollars', () => {
  it('are four units each, there and back', () => {
    assert.deepEqual([fromNanodollars(0.25), fromNanodollars(125), toNanodollars(3)], [1, 500, 0.75]);
    checkProperty(fc.property(amount, units => assert.equal(fromNanodollars(toNanodollars(units)), units)));
  });
});

describe('formatDollars', () => {
  it('is off by at most half of its last digit', () => {
    checkProperty(
      fc.property(amount, units => {
        const text = formatDollars(units).replace('$ ', '');
        const digits = text.split('.')[1]?.length ?? 0;
        const isTiny = units > 0 && units < unitsPerDollar / 1_000_000;
        assert.ok(isTiny ? text === decimalDollars(units) : [2, 4, 6].includes(digits));
        const off = Math.abs(Number(text) - units / unitsPerDollar);
        assert.ok(off <= 0.5 * 10 ** -digits * 1.000001 + 1e-9, `${units}: ${text}`);
      }),
    );
  });

  for (const [units, text] of [
    [null, 'unknown'],
    [0, '$ 0.00'],
    [49_360_000_000, '$ 12.34'],
    [1_000_000_000, '$ 0.2500'],
    [4_936_000, '$ 0.001234'],
    [400, '$ 0.0000001'],
    [-4_000_000_000, '-$ 1.00'],
  ] as const) {
    it(`shows ${units} as ${text}: an unknown price is never zero (P4)`, () => {
      assert.equal(formatDollars(units), text);
    });
  }
});

describe('parseDollars', () => {
  for (const [text, units] of [
    ['20', 80_000_000_000],
    ['0.5', 2_000_000_000],
    ['$3.20', 12_800_000_000],
    ['$ 3.20', 12_800_000_000],
    [' 1 ', 4_000_000_000],
    ['0', 0],
    ['0.000000001', 4],
    ['0.00000000025', 1],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => assert.equal(parseDollars(text), units));
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
    '1.000000000250',
    '1 000',
    '$',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseDollars(text), null));
  }

  it('refuses what a number cannot hold exactly', () => {
    assert.equal(parseDollars('9999999'), null);
    assert.equal(parseDollars('2251799.81368524800'), null);
    assert.equal(parseDollars('2251799.81368524775'), Number.MAX_SAFE_INTEGER);
  });
});
