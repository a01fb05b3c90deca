import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { noUsage } from '../cost.ts';
import { noSums, type SpendFigures } from './cost-report.ts';
import { type ChangeCause, changeCauses, explainChange, type SpendChange } from './spend-change.ts';

/** A day of one task: so many documents, each bought once for so many tokens at so much. */
function day({
  task = 'a',
  documents = 1_000,
  tries = 1,
  tokens = 500,
  price = 200,
  cache = 1,
  primeCost = 0,
}: {
  task?: string | null;
  documents?: number;
  tries?: number;
  tokens?: number;
  price?: number;
  cache?: number;
  primeCost?: number;
} = {}): SpendFigures {
  const bought = Math.round(documents * tries);
  const uncached = bought * tokens * price;
  return {
    ...noSums,
    day: '2026-11-24',
    task,
    tenant: null,
    model: 'm',
    delivered: documents,
    bought,
    usage: { ...noUsage, input: bought * tokens },
    uncached,
    billed: Math.round(uncached * cache),
    primeCost,
  };
}

const costOf = (figures: readonly SpendFigures[]): number =>
  figures.reduce((sum, { billed, primeCost }) => sum + billed + primeCost, 0);
const sumOf = (change: SpendChange): number => changeCauses.reduce((sum, cause) => sum + change[cause], 0);
const explain = (before: SpendFigures[], after: SpendFigures[], days = 1): SpendChange =>
  explainChange(before, { days, after });

describe('explainChange', () => {
  const table: [ChangeCause, Parameters<typeof day>[0]][] = [
    ['volume', { documents: 2_000 }],
    ['retries', { tries: 2 }],
    ['tokens', { tokens: 1_000 }],
    ['price', { price: 400 }],
    ['cache', { cache: 2 }],
  ];
  for (const [cause, changed] of table) {
    it(`${cause}: the whole of a doubling, when nothing else has changed`, () => {
      const change = explain([day()], [day(changed)]);
      assert.equal(change[cause], costOf([day()]));
      assert.equal(sumOf(change), change[cause]);
    });
  }

  it('task: one that is new, or gone, whole', () => {
    const change = explain([day()], [day(), day({ task: 'b', documents: 100 })]);
    assert.equal(change.task > 0 && change.task < sumOf(change) * 1.5, true);
    assert.equal(sumOf(change), costOf([day({ task: 'b', documents: 100 })]));
    assert.equal(explain([day({ task: 'b' })], []).task, -costOf([day()]));
  });

  it('task: as many documents as before, more of them of the dear one', () => {
    const dear = { task: 'dear', tokens: 5_000 };
    const change = explain(
      [day({ documents: 900 }), day({ ...dear, documents: 100 })],
      [day({ documents: 500 }), day({ ...dear, documents: 500 })],
    );
    assert.equal(change.volume, 0);
    assert.equal(change.task, sumOf(change));
  });

  it('halves two causes that doubled together', () => {
    const change = explain([day()], [day({ documents: 2_000, tokens: 1_000 })]);
    assert.equal(change.volume, change.tokens);
    assert.equal(sumOf(change), 3 * costOf([day()]));
  });

  it('compares with the mean of the days before, those without spend included', () => {
    assert.equal(sumOf(explain([day(), day()], [day()], 2)), 0);
    assert.equal(explain([day()], [day()], 2).volume, costOf([day()]) / 2);
  });

  it('bought and nothing delivered: retries; primes are an effect of the cache', () => {
    const wasted = { ...day(), delivered: 0 };
    assert.equal(explain([day()], [{ ...wasted, billed: wasted.billed * 3 }]).retries, 2 * wasted.billed);
    assert.equal(explain([day()], [day({ primeCost: 1_000 })]).cache, 1_000);
  });

  it('always sums to the difference, in the smallest unit, whatever was spent', () => {
    const small = fc.nat(1_000);
    const anyDay = fc
      .record({
        task: fc.constantFrom('a', 'b', 'null', null),
        documents: small,
        tries: fc.double({ min: 0, max: 4, noNaN: true }),
        tokens: small,
        price: small,
        cache: fc.double({ min: 0, max: 2, noNaN: true }),
        primeCost: small,
      })
      .map(day);
    const property = fc.property(
      fc.array(anyDay),
      fc.array(anyDay),
      fc.integer({ min: 1, max: 7 }),
      (was, is, days) => {
        const change = explain(was, is, days);
        assert.equal(sumOf(change), Math.round(costOf(is) - costOf(was) / days) + 0); // no -0
        assert.ok(changeCauses.every(cause => Number.isSafeInteger(change[cause])));
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });
});
