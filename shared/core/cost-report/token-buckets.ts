/**
 * Counts of tokens in a fixed number of buckets: exact below 64, and above it 32 to each doubling, so no count is told more
 * than 3.2 % too high. The same in every program, so what was counted apart can be added up.
 */
const exactBelow = 64;
const bucketsPerDoubling = 32;
/** No model answers more; whatever does is in the last bucket. */
const tokensMax = 2 ** 24 - 1;

export function tokenBucket(tokens: number): number {
  const whole = Math.min(Math.max(0, Math.floor(tokens)), tokensMax);
  if (whole < exactBelow) return whole;
  const doublings = 31 - Math.clz32(whole) - 6;
  return exactBelow + doublings * bucketsPerDoubling + ((whole >> (doublings + 1)) - bucketsPerDoubling);
}

/** The most tokens that a bucket stands for. */
export function bucketTokens(bucket: number): number {
  if (bucket < exactBelow) return bucket;
  const doublings = Math.floor((bucket - exactBelow) / bucketsPerDoubling);
  const step = ((bucket - exactBelow) % bucketsPerDoubling) + bucketsPerDoubling;
  return (step + 1) * 2 ** (doublings + 1) - 1;
}

/** `[bucket, count]`, in order, no bucket twice and none empty. */
export type TokenCounts = readonly (readonly [bucket: number, count: number])[];

export class TokenTally {
  readonly #counts = new Map<number, number>();

  add(tokens: number): void {
    const bucket = tokenBucket(tokens);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
  }

  get counts(): TokenCounts {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}
