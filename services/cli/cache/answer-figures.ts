import type { Money } from '#core/money.ts';
import { decimalDollars, formatDollars } from '#core/money.ts';
import { type AnswerStats, noAnswerCounts } from '#ports/answer-store.ts';
import type { AnswerSettings } from '#runtime/answer-cache.ts';
import { formatAge, formatCount } from '../terminal/format-count.ts';

/** What giving answers again has done, over the tasks that were asked for. */
export interface AnswerFigures {
  size: number;
  sizeMax: number;
  hits: number;
  misses: number;
  /** The longest of them. */
  ttlMs: number;
  requestsSaved: number;
  /**
   * How much sooner answers given again came than one that was bought, summed over them: they wait side by side, so a clock
   * on the wall shows less.
   */
  timeSavedMs: number;
  savedCost: Money;
}

export interface TaskAnswers {
  settings: AnswerSettings;
  /** Null when nothing was ever kept. */
  stats: AnswerStats | null;
}

export function sumAnswers(tasks: readonly TaskAnswers[]): AnswerFigures {
  const figures: AnswerFigures = {
    size: 0,
    sizeMax: 0,
    hits: 0,
    misses: 0,
    ttlMs: 0,
    requestsSaved: 0,
    timeSavedMs: 0,
    savedCost: 0,
  };
  for (const { settings, stats } of tasks) {
    const { size, hits, misses, saved, savedCost, ...waits } = stats ?? { ...noAnswerCounts, size: 0 };
    const { savedWaitMs, bought, boughtMs } = waits;
    figures.size += size;
    figures.sizeMax += settings.entriesMax;
    figures.hits += hits;
    figures.misses += misses;
    figures.ttlMs = Math.max(figures.ttlMs, settings.ttlMs);
    figures.requestsSaved += saved;
    figures.timeSavedMs += bought === 0 ? 0 : Math.max(0, (saved * boughtMs) / bought - savedWaitMs);
    figures.savedCost += savedCost;
  }
  return figures;
}

/** Of what was asked for, 0 when nothing was; two decimals. */
export function hitRatePercent({ hits, misses }: AnswerFigures): number {
  return hits + misses === 0 ? 0 : Math.round((hits / (hits + misses)) * 10_000) / 100;
}

export const answerFiguresJson = (figures: AnswerFigures): Record<string, unknown> => ({
  size: figures.size,
  max_size: figures.sizeMax,
  hits: figures.hits,
  misses: figures.misses,
  hit_rate_percent: hitRatePercent(figures),
  ttl_seconds: figures.ttlMs / 1_000,
  requests_saved: figures.requestsSaved,
  time_saved_estimate_seconds: Math.round(figures.timeSavedMs / 1_000),
  cost_saved_usd: decimalDollars(figures.savedCost),
});

export function renderAnswerFigures(figures: AnswerFigures): string {
  const row = (label: string, text: string): string => `  ${label.padEnd(12)} ${text}`;
  const { size, sizeMax, hits, misses, ttlMs, requestsSaved, savedCost } = figures;
  return [
    row('answers', `${formatCount(size)} of ${formatCount(sizeMax)} kept, each for ${formatAge(ttlMs)}`),
    row('asked for', `${formatCount(hits)} found, ${formatCount(misses)} not: ${hitRatePercent(figures)} %`),
    row('given again', requestsSaved === 0 ? 'none' : `${formatCount(requestsSaved)}, ${soonerText(figures)}`),
    row('saved', formatDollars(savedCost)),
    '',
  ].join('\n');
}

/** Of one: a sum of waits that were side by side is no time that anybody has waited. */
function soonerText({ timeSavedMs, requestsSaved }: AnswerFigures): string {
  const eachMs = timeSavedMs / requestsSaved;
  return eachMs < 1_000 ? 'no sooner than if bought' : `each about ${formatAge(eachMs)} sooner than if bought`;
}
