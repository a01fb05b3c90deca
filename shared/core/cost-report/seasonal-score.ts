/**
 * How unusual the last value of a daily series is, its weekday and its level considered. Medians all the way, so one wild
 * day in the past neither hides the next one nor makes it. In logarithms: twice as much is as far as half of it.
 */
export interface SeasonalScore {
  /** What the day was expected to be. */
  expected: number;
  /** Distance from it in robust standard deviations; below zero when it was less. */
  score: number;
}

/** Three of each weekday, before anything is said. */
export const seasonalDaysMin = 21;
/** Older days say nothing about this one. */
export const seasonalDaysMax = 56;
/** Two weeks of days on which anything is spent at all: with fewer there is no usual day. */
const activeDaysMin = 10;
const week = 7;
/** A series that never moves has no deviation: a tenth more is then two of them. */
const deviationMin = 0.05;
/** Of a normal distribution: its standard deviation over its median deviation. */
const normalShare = 1.4826;
/** On a weekday that mostly has nothing, this share of a usual day is unusual. */
const quietShare = 0.2;

interface Day {
  /** Days before the day in question, modulo a week. */
  weekday: number;
  value: number;
}

/** @param days values from 0 on, one a day without gaps, the day in question last @returns null while there are too few */
export function seasonalScore(days: readonly number[]): SeasonalScore | null {
  const last = days.at(-1) ?? 0;
  const history = days.slice(-seasonalDaysMax - 1, -1);
  if (history.length < seasonalDaysMin) return null;
  const all = history.map((value, index): Day => ({ weekday: (history.length - index) % week, value }));
  const quiet = new Set(weekdays.filter(weekday => median(valuesOn(all, weekday)) === 0));
  const active = all.filter(({ weekday }) => !quiet.has(weekday));
  if (active.length < activeDaysMin) return null;
  const usual = median(active.map(({ value }) => value));
  if (quiet.has(0)) return { expected: 0, score: last > quietShare * usual ? Infinity : 0 };
  return scoreOf(last, { active, usual, span: week - quiet.size });
}

/** @param span active days a week */
function scoreOf(last: number, { active, usual, span }: { active: Day[]; usual: number; span: number }): SeasonalScore {
  const offset = 0.01 * usual; // a day without any is far down, and not endlessly
  const logs = active.map(({ value, weekday }): Day => ({ weekday, value: Math.log(value + offset) }));
  const effects = weekdayEffects(logs, span);
  const levels = logs.map(({ value, weekday }) => value - (effects[weekday] as number));
  const misses = levels.slice(span).map((value, index) => value - median(levels.slice(index, index + span)));
  const bias = median(misses); // of a series that grows, every forecast is a little low
  const deviation = Math.max(deviationMin, normalShare * median(misses.map(miss => Math.abs(miss - bias))));
  const forecast = median(levels.slice(-span)) + (effects[0] as number) + bias;
  return {
    expected: Math.max(0, Math.exp(forecast) - offset),
    score: (Math.log(last + offset) - forecast) / deviation,
  };
}

/** How far each weekday mostly is from the week around it. */
function weekdayEffects(logs: readonly Day[], span: number): number[] {
  const distances = logs.map(({ value, weekday }, index): Day => {
    const from = Math.min(Math.max(0, index - Math.floor(span / 2)), Math.max(0, logs.length - span));
    return { weekday, value: value - median(logs.slice(from, from + span).map(day => day.value)) };
  });
  return weekdays.map(weekday => median(valuesOn(distances, weekday)));
}

const weekdays = Array.from({ length: week }, (_, weekday) => weekday);

const valuesOn = (days: readonly Day[], weekday: number): number[] =>
  days.flatMap(day => (day.weekday === weekday ? [day.value] : []));

/** 0 of nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
