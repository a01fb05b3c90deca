import type { Purchase } from './purchases.ts';
import { minuteOf } from './reported-usage.ts';

export interface QuietOptions {
  /** Up to here the report is believed to be complete, ms since the epoch. */
  before: number;
  /** Our stamps against the provider's clock. */
  skewMs: number;
}

/**
 * The latest whole minute up to `before` at which nothing was under way: what was bought before had been executed, and what
 * was bought since had not begun. Only there can our log, which knows when a line was read and not when it was
 * made, be held against the provider's report.
 * @returns null when there was none since the first purchase, or nothing was bought
 */
export function quietMoment(purchases: readonly Purchase[], { before, skewMs }: QuietOptions): number | null {
  let at = minuteOf(before);
  // Those that ended last come first, so that each moves the moment at most once.
  for (const { from, to } of purchases.toSorted((a, b) => b.to - a.to)) {
    if (to + skewMs < at) return at;
    at = Math.min(at, minuteOf(from - skewMs));
  }
  return null;
}

/** The minute in which the first purchase can have been executed. */
export const firstMoment = (purchases: readonly Purchase[], { skewMs }: Pick<QuietOptions, 'skewMs'>): number =>
  minuteOf(purchases.reduce((first, { from }) => Math.min(first, from), Infinity) - skewMs);

/** What had been executed at a quiet moment. */
export const boughtBefore = (purchases: readonly Purchase[], until: number): Purchase[] =>
  purchases.filter(({ to }) => to < until);
