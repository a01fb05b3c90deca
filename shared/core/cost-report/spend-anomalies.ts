import type { Money } from '../money.ts';
import type { SpendFigures } from './cost-report.ts';
import { seasonalDaysMax, seasonalDaysMin, seasonalScore } from './seasonal-score.ts';
import { explainChange, type SpendChange } from './spend-change.ts';

/**
 * `above-1.2-of-seven-days`: more than 1.2 times the mean of the seven days before, the day itself left out.
 * `unusual-for-its-weekday`: far from what weekday and level let expect, up or down.
 */
export type AnomalyRule = 'above-1.2-of-seven-days' | 'unusual-for-its-weekday';

export interface SpendAnomaly {
  day: string;
  rule: AnomalyRule;
  cost: Money;
  /** What it is compared with: the mean of the seven days, or `comparedWith`. */
  usual: Money;
  /** The day of the same weekday that is nearest to what was expected; null for the mean of the seven days before. */
  comparedWith: string | null;
  /** Robust standard deviations from what was expected; null for the plain rule. */
  score: number | null;
  /** What has changed since: sums to `cost` - `usual`. */
  change: SpendChange;
}

export interface SpendAnomalies {
  /** Newest day first. */
  found: readonly SpendAnomaly[];
  /** Days from the first with spend to the one before the last that was looked at. */
  historyDays: number;
  /** What each rule needs to say anything. */
  needsDays: Readonly<Record<AnomalyRule, number>>;
}

const plainDays = 7;
/** Of a series without surprises about one day in 250 is beyond it. */
const scoreMin = 4;
/** Days of the same weekday that a strange one may be compared with. */
const weeksCompared = 4;

/** So many days of the past are looked at. */
export const anomalyHistoryDays = seasonalDaysMax + plainDays;

interface Day {
  name: string;
  figures: readonly SpendFigures[];
  cost: Money;
}

/**
 * Days that cost more or less than usual, and what has changed. Today is not over: it can be above, and never below.
 * @param judged the newest so many days
 */
export function findAnomalies(
  figures: readonly SpendFigures[],
  { today, judged = plainDays }: { today: string; judged?: number },
): SpendAnomalies {
  const days = daysUntil(today, figures);
  const first = Math.max(0, days.length - judged);
  const found = days.slice(first).flatMap((_, index) => {
    const until = days.slice(0, first + index + 1);
    return [plainAnomaly(until), seasonalAnomaly(until, today)].filter(anomaly => anomaly !== null);
  });
  const needsDays = { 'above-1.2-of-seven-days': plainDays, 'unusual-for-its-weekday': seasonalDaysMin };
  return { found: found.reverse(), historyDays: Math.max(0, days.length - 1), needsDays };
}

/** Every day from the first with spend on, those without any included. */
function daysUntil(today: string, figures: readonly SpendFigures[]): Day[] {
  const byDay = Map.groupBy(figures, ({ day }) => day);
  const first = [...byDay.keys()].sort()[0];
  const days: Day[] = [];
  for (let day = first; day !== undefined && day <= today; day = dayAfter(day)) {
    const ofDay = byDay.get(day) ?? [];
    days.push({ name: day, figures: ofDay, cost: costOf(ofDay) });
  }
  return days;
}

const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

const costOf = (figures: readonly SpendFigures[]): Money =>
  figures.reduce((sum, { billed, primeCost }) => sum + billed + primeCost, 0);

function plainAnomaly(days: readonly Day[]): SpendAnomaly | null {
  const last = days.at(-1);
  const before = days.slice(-plainDays - 1, -1);
  if (!last || before.length < plainDays) return null;
  const sum = before.reduce((total, { cost }) => total + cost, 0);
  if (last.cost * plainDays * 10 <= sum * 12) return null; // whole numbers: 1.2 is none of them
  const change = explainChange(
    before.flatMap(({ figures }) => figures),
    { days: plainDays, after: last.figures },
  );
  const usual = last.cost - sumOf(change);
  return {
    day: last.name,
    rule: 'above-1.2-of-seven-days',
    cost: last.cost,
    usual,
    comparedWith: null,
    score: null,
    change,
  };
}

function seasonalAnomaly(days: readonly Day[], today: string): SpendAnomaly | null {
  const last = days.at(-1);
  const seasonal = seasonalScore(days.map(({ cost }) => cost));
  if (!last || !seasonal || Math.abs(seasonal.score) < scoreMin) return null;
  if (seasonal.score < 0 && last.name === today) return null;
  const alike = Array.from({ length: weeksCompared }, (_, week) => days.at(-1 - 7 * (week + 1))).filter(day => !!day);
  const distance = ({ cost }: Day): number => Math.abs(cost - seasonal.expected);
  const usual = alike.reduce((a, b) => (distance(b) < distance(a) ? b : a), alike[0] as Day);
  return {
    day: last.name,
    rule: 'unusual-for-its-weekday',
    cost: last.cost,
    usual: usual.cost,
    comparedWith: usual.name,
    score: seasonal.score,
    change: explainChange(usual.figures, { days: 1, after: last.figures }),
  };
}

const sumOf = (change: SpendChange): Money => Object.values(change).reduce((sum, part) => sum + part, 0);
