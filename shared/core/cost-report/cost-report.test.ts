import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { capProgress } from './cost-caps.ts';
import {
  type CostLine,
  costKeys,
  costLines,
  costTotal,
  isMoneyKnown,
  noSums,
  type SpendFigures,
} from './cost-report.ts';

const figure = (rest: Partial<SpendFigures>): SpendFigures => ({
  day: '2026-11-24',
  task: 'a',
  tenant: null,
  model: 'm',
  ...noSums,
  ...rest,
});

const whole = fc.nat(1_000_000);
const anyFigure: fc.Arbitrary<SpendFigures> = fc
  .record({
    day: fc.constantFrom('2026-11-22', '2026-11-23'),
    task: fc.constantFrom('a', 'b', null),
    tenant: fc.constantFrom('null', null),
    model: fc.constantFrom('m', 'n', null),
    delivered: whole,
    billed: whole,
    uncached: whole,
    individual: whole,
    retried: whole,
    wasted: whole,
    reused: fc.record({ answers: whole, unpriced: whole, batch: whole, individual: whole }),
    primes: whole,
    primeCost: whole,
  })
  .map(figure);

const flat = ({ sums, money }: Pick<CostLine, 'sums' | 'money'>): [name: string, amount: number][] => {
  const { usage, reused, ...counts } = sums;
  return [counts, usage, reused, money].flatMap((group, at) =>
    Object.entries(group).map(([name, amount]): [string, number] => [`${at} ${name}`, amount as number]),
  );
};

describe('costLines', () => {
  it('every line adds up, and the lines add up to the total in every figure, whatever they are told by', () => {
    const property = fc.property(fc.array(anyFigure), fc.subarray([...costKeys]), (figures, by) => {
      const lines = costLines(figures, by);
      for (const { money } of [...lines, costTotal(figures)]) {
        assert.equal(money.billed, money.batch - money.reused - money.cache + money.primes);
        assert.equal(money.saved, money.individual - money.billed);
      }
      const sums = new Map(flat(costTotal([])));
      for (const [name, amount] of lines.flatMap(flat)) sums.set(name, (sums.get(name) ?? 0) + amount);
      assert.deepEqual(sums, new Map(flat(costTotal(figures))));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('is unknown where nothing that was bought has a price, whatever was given again', () => {
    const reused = { answers: 2, unpriced: 0, batch: 20, individual: 40 };
    assert.equal(isMoneyKnown(costTotal([figure({ bought: 5, unpriced: 5 }), figure({ reused })])), false);
    assert.equal(isMoneyKnown(costTotal([figure({ reused })])), true);
    assert.equal(isMoneyKnown(costTotal([figure({ bought: 5, unpriced: 4, uncached: 10 })])), true);
    assert.equal(isMoneyKnown(costTotal([figure({ reused: { ...reused, unpriced: 2, batch: 0 } })])), false);
  });

  it('keeps a tenant that is called null from none', () => {
    assert.equal(costLines([figure({ tenant: 'null' }), figure({})], ['tenant']).length, 2);
  });

  it('has days in order, and the dearest first within one', () => {
    const figures = [
      figure({ day: '2026-11-24', task: 'cheap', billed: 1 }),
      figure({ day: '2026-11-24', task: 'dear', billed: 2 }),
      figure({ day: '2026-11-23', task: 'dear', billed: 1 }),
    ];
    const lines = costLines(figures, ['day', 'task']).map(({ by }) => `${by.day} ${by.task}`);
    assert.deepEqual(lines, ['2026-11-23 dear', '2026-11-24 dear', '2026-11-24 cheap']);
  });
});

describe('capProgress', () => {
  it('tells the fullest first, each in its own period; counts of items are no money', () => {
    const caps = new Map([
      ['run:a|b:money|total', 100],
      ['tenant:t:money|day', 10],
      ['account:main:items|total', 5],
    ]);
    const used = new Map([
      ['run:a|b:money|total', 10],
      ['tenant:t:money|2026-11-24', 9],
      ['tenant:t:money|2026-11-23', 10],
    ]);
    assert.deepEqual(capProgress({ caps, used }, Date.UTC(2026, 10, 24, 8)), [
      { scope: 'tenant:t:money', period: 'day', of: '2026-11-24', limit: 10, used: 9 },
      { scope: 'run:a|b:money', period: 'total', of: 'total', limit: 100, used: 10 },
    ]);
  });
});
