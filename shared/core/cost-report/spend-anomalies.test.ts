import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noUsage } from '../cost.ts';
import { noSums, type SpendFigures } from './cost-report.ts';
import { seasonalScore } from './seasonal-score.ts';
import { type AnomalyRule, findAnomalies, type SpendAnomaly } from './spend-anomalies.ts';

const firstDay = Date.UTC(2026, 8, 7); // a Monday
const dayOf = (index: number): string => new Date(firstDay + index * 86_400_000).toISOString().slice(0, 10);

/** One task, whose documents cost 1,000 each. */
const spend = (costs: readonly number[]): SpendFigures[] =>
  costs.flatMap((cost, index) => {
    const documents = Math.round(cost / 1_000);
    const money = { billed: documents * 1_000, uncached: documents * 1_000 };
    const usage = { ...noUsage, input: documents * 10 };
    const counts = { delivered: documents, bought: documents, usage };
    return documents === 0
      ? []
      : [{ ...noSums, day: dayOf(index), task: 'a', tenant: null, model: 'm', ...counts, ...money }];
  });

const of = (costs: readonly number[], { judged = 1, isOver = false } = {}): readonly SpendAnomaly[] =>
  findAnomalies(spend(costs), { today: dayOf(costs.length - (isOver ? 0 : 1)), judged }).found;
const rules = (costs: readonly number[]): AnomalyRule[] => of(costs).map(({ rule }) => rule);
const flat = (days: number, cost = 100_000): number[] => Array.from({ length: days }, () => cost);

describe('the plain rule: above 1.2 times the mean of the seven days before', () => {
  const plain = 'above-1.2-of-seven-days';
  it('at 1.2 says nothing, above it does', () => {
    assert.deepEqual(rules([...flat(7), 120_000]), []);
    assert.deepEqual(rules([...flat(7), 121_000]), [plain]);
  });

  it('leaves the day itself out, and whatever is older', () => {
    const [anomaly] = of([9_999_000, ...flat(7), 200_000]);
    assert.deepEqual([anomaly?.usual, anomaly?.cost, anomaly?.change.volume], [100_000, 200_000, 100_000]);
  });

  it('counts days without spend as days', () => {
    assert.deepEqual(rules([140_000, 0, 0, 0, 0, 0, 0, 25_000]), [plain]);
    assert.deepEqual(rules([140_000, 0, 0, 0, 0, 0, 0, 24_000]), []);
  });

  it('says nothing in the first week', () => assert.deepEqual(rules([...flat(6), 999_000]), []));

  it('of no spend at all there is nothing to say', () => {
    assert.deepEqual(findAnomalies([], { today: dayOf(0) }).found, []);
  });
});

/** Noise that is the same at every run. */
function noise(seed: number): () => number {
  let state = seed;
  const unit = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
}

const shapes: Readonly<Record<string, (day: number) => number>> = {
  'every day alike': () => 1,
  'little at weekends': day => (day % 7 >= 5 ? 0.1 : 1),
  'nothing at weekends': day => (day % 7 >= 5 ? 0 : 1),
};
const seeds = 20;
const length = 120;

function series(shape: (day: number) => number, options: { seed: number; sigma: number; growth: number }): number[] {
  const next = noise(options.seed * 7_919 + 1);
  return Array.from({ length }, (_, day) => {
    return Math.round(1e9 * Math.exp(options.growth * day + options.sigma * next()) * shape(day));
  });
}

/** Share of days beyond the bound, of a series in which the last day is `times` what it was. */
function share(shape: (day: number) => number, options: { sigma: number; growth: number; times: number }): number {
  let [beyond, all] = [0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const values = series(shape, { ...options, seed });
    for (let day = 30; day < length; day++) {
      if (shape(day) === 0) continue;
      const until = [...values.slice(0, day), (values[day] ?? 0) * options.times];
      all += 1;
      if (Math.abs(seasonalScore(until)?.score ?? 0) >= 4) beyond += 1;
    }
  }
  return beyond / all;
}

describe('the seasonal detector, on generated series', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    for (const growth of [0, 0.02]) {
      it(`${name}, ${growth * 100} % more each day: at most one false alarm in a hundred days`, () => {
        for (const sigma of [0, 0.1, 0.3]) {
          const alarms = share(shape, { sigma, growth, times: 1 });
          assert.ok(alarms <= 0.01, `${alarms} at ${sigma}`);
        }
      });

      it(`${name}, ${growth * 100} % more each day: finds a doubling and a third`, () => {
        const found = (sigma: number, times: number): number => share(shape, { sigma, growth, times });
        assert.ok(found(0.1, 2) >= 0.9, `${found(0.1, 2)}`);
        assert.ok(found(0.1, 1 / 3) >= 0.99);
        assert.ok(found(0.2, 3) >= 0.75, `${found(0.2, 3)}`);
      });
    }
  }

  const weeks = (count: number): number[] =>
    Array.from({ length: count * 7 }, (_, day) => (day % 7 >= 5 ? 10_000 : 100_000));

  it('knows the weekday: a Monday after a quiet weekend is as usual, a Sunday like a Monday is not', () => {
    assert.equal(rules([...weeks(7), 100_000]).includes('unusual-for-its-weekday'), false);
    const sunday = of([...weeks(8).slice(0, -1), 100_000]).find(({ rule }) => rule === 'unusual-for-its-weekday');
    assert.deepEqual([sunday?.usual, sunday?.change.volume], [10_000, 90_000]);
    assert.equal(sunday?.comparedWith, dayOf(48), 'the Sunday before');
  });

  it('is not blinded by a wild day of the past', () => {
    const values = series(() => 1, { seed: 5, sigma: 0.1, growth: 0 });
    values[100] = 1e12;
    assert.ok((seasonalScore([...values, 3e9])?.score ?? 0) > 4);
    assert.ok(Math.abs(seasonalScore([...values, 1e9])?.score ?? 9) < 4);
  });

  it('a day that has too little is told when it is over, not before', () => {
    const costs = [...flat(40), 10_000];
    assert.deepEqual(rules(costs), []);
    const [anomaly] = of(costs, { judged: 2, isOver: true });
    assert.equal(anomaly?.day, dayOf(40));
    assert.ok((anomaly?.score ?? 0) < 0);
  });

  it('says nothing of a past that is too short or has too few days with spend', () => {
    assert.equal(seasonalScore(flat(20)), null);
    assert.equal(seasonalScore(Array.from({ length: 50 }, (_, day) => (day % 7 === 0 ? 1 : 0))), null);
  });
});
