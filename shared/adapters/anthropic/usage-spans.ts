/** A stretch of time in buckets of one width, ms since the epoch; `to` is not included. */
export interface UsageSpan {
  width: BucketWidth;
  from: number;
  to: number;
}

export type BucketWidth = '1m' | '1h' | '1d';

export const bucketMs: Readonly<Record<BucketWidth, number>> = { '1m': 60_000, '1h': 3_600_000, '1d': 86_400_000 };
const [hourMs, dayMs] = [bucketMs['1h'], bucketMs['1d']];

/** Buckets of one reply, at most. */
export const bucketsPerPage: Readonly<Record<BucketWidth, number>> = { '1m': 1_440, '1h': 168, '1d': 31 };

/**
 * Whole days where there are some, hours and minutes at both ends: a year is a dozen pages, and not one of it is left to the
 * provider's rounding. Days are those of UTC, like the provider's.
 * @param from whole minutes, as is `to`
 */
export function usageSpans(from: number, to: number): UsageSpan[] {
  const spans: UsageSpan[] = [];
  const add = (width: BucketWidth, until: number): void => {
    const at = spans.at(-1)?.to ?? from;
    if (until > at) spans.push({ width, from: at, to: until });
  };
  const up = (at: number, unit: number): number => Math.ceil(at / unit) * unit;
  const down = (at: number, unit: number): number => Math.floor(at / unit) * unit;
  add('1m', Math.min(to, up(from, hourMs)));
  add('1h', Math.min(down(to, hourMs), up(from, dayMs)));
  add('1d', down(to, dayMs));
  add('1h', down(to, hourMs));
  add('1m', to);
  return spans;
}
