import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noon } from '#test/support/journal-records.ts';
import { noUsage, type Usage } from '../cost.ts';
import { fromNanodollars, type Money } from '../money.ts';
import { neverShown } from './never-shown.ts';
import type { Purchase } from './purchases.ts';
import type { SummedUsage } from './reported-usage.ts';

/** 100 nanodollars a token of input, 500 of output, 125 of what is written for five minutes; half of it in a batch. */
const haiku = 'claude-haiku-5-5';
/** Reading its cache became cheaper that day: 200, then 100. */
const [sonnet, changeAt] = ['claude-sonnet-5-5', Date.UTC(2026, 9, 7)];

const summed = (usage: Partial<Usage>, rest: Partial<SummedUsage> = {}): SummedUsage => ({
  at: noon,
  model: haiku,
  tier: 'batch',
  isUsOnly: false,
  usage: { ...noUsage, ...usage },
  ...rest,
});

const bought = (shown: readonly SummedUsage[], rest: Partial<Purchase> = {}): Purchase => ({
  account: 'main',
  from: noon,
  to: noon,
  shown,
  shownCost: 0,
  booked: 0,
  isUnpriced: false,
  ...rest,
});

describe('neverShown', () => {
  it('is nothing where all that was billed was read', () => {
    const shown = [summed({ input: 7, output: 3 }), summed({ cacheWrite5m: 5 }, { tier: 'standard' })];
    const compared = neverShown([...shown, summed({ input: 2 })], [bought([...shown, summed({ input: 2 })])]);
    assert.deepEqual(compared, { is: 'known', billed: 0, booked: 0 });
  });

  it('prices what is left, in each tier and place', () => {
    const reported = [
      summed({ input: 100, output: 10 }),
      summed({ input: 20 }, { tier: 'standard' }),
      summed({ input: 200 }, { isUsOnly: true }),
    ];
    const purchases = [bought([summed({ input: 60, output: 4 })], { booked: 99_000 })];
    const [batch, call, us] = [40 * 50 + 6 * 250, 20 * 100, 200 * 55].map(fromNanodollars) as [Money, Money, Money];
    assert.deepEqual(neverShown(reported, purchases), { is: 'known', billed: batch + call + us, booked: 99_000 });
  });

  it('is to the quarter of a nanodollar what lost items came to, whatever was read beside them', () => {
    const shown = Array.from({ length: 9 }, () => summed({ cacheWrite5m: 3 })); // each 187.5
    const reported = [
      summed({ cacheWrite5m: 9 * 3 + 5 + 1 }), // the lost ones 312.5 and 62.5
      summed({ cacheWrite5m: 1 }, { isUsOnly: true }), // 68.75
    ];
    const billed = fromNanodollars(312.5 + 62.5 + 68.75);
    assert.deepEqual(neverShown(reported, [bought(shown)]), { is: 'known', billed, booked: 0 });
  });

  it('takes models by their base name', () => {
    const reported = [summed({ input: 100 }, { model: `${haiku}-20261001` })];
    assert.deepEqual(neverShown(reported, [bought([summed({ input: 100 })])]), { is: 'known', billed: 0, booked: 0 });
  });

  it('has the price of the day on which it was executed, also of what was bought a day before', () => {
    const day = (at: number, cacheRead: number) => summed({ cacheRead }, { at, model: sonnet });
    const reported = [day(changeAt - 1, 1_000), day(changeAt, 500)];
    const billed = (shown: number) => {
      const compared = neverShown(reported, [bought([day(changeAt - 1, shown)])]);
      return compared.is === 'known' ? compared.billed : null;
    };
    assert.equal(billed(1_000), fromNanodollars(500 * 50));
    assert.equal(
      billed(1_100),
      fromNanodollars(500 * 50 - 100 * 100),
      'booked at the old price, 100 of it executed at the new one',
    );
    assert.equal(billed(1_400), 0, 'never less than nothing');
  });

  it('subtracts in money what has no tokens in the log', () => {
    const compared = neverShown([summed({ input: 100 })], [bought([], { shownCost: 19_000, booked: 21_000 })]);
    assert.deepEqual(compared, { is: 'known', billed: 1_000, booked: 21_000 });
  });

  it('says that the report has less than was read, also in a single column', () => {
    const reported = [summed({ input: 200, output: 1 })];
    assert.deepEqual(neverShown(reported, [bought([summed({ input: 100, output: 2 })])]), {
      is: 'short',
      model: haiku,
    });
    assert.deepEqual(neverShown([], [bought([summed({ input: 1 })])]), { is: 'short', model: haiku });
    assert.equal(neverShown([summed({ input: 1 })], [bought([], { shownCost: 4_000 })]).is, 'short');
  });

  it('says that a model has no price', () => {
    const reported = [summed({ input: 1 }, { model: 'claude-nobody' })];
    assert.deepEqual(neverShown(reported, []), { is: 'unpriced', model: 'claude-nobody' });
  });

  describe('where a long prompt costs more', () => {
    const reported = [summed({ input: 150_000 })];
    const [low, high] = [150_000 * 50, 150_000 * 250].map(fromNanodollars) as [Money, Money];
    const billed = (booked: number) => {
      const compared = neverShown(reported, [bought([], { booked })]);
      return compared.is === 'known' ? compared.billed : null;
    };

    it('is at the short price when all of it together is no longer', () => {
      const compared = neverShown(reported, [bought([summed({ input: 50_000 })], { booked: 0 })]);
      assert.deepEqual(compared, { is: 'known', billed: fromNanodollars(100_000 * 50), booked: 0 });
    });

    it('is what is booked for it, between both prices', () => {
      assert.equal(billed(low + 1), low + 1);
      assert.equal(billed(0), high, 'some of it is an orphan, of which nobody knows how long it was');
      assert.equal(billed(high + 1), high);
    });
  });
});
