import { seededRandom } from '#test/support/seeded-random.ts';

/** What is to be bought in the simulation of the cache: batches at moments, with prefixes, and how the provider treats them. */
export interface CacheWorkload {
  name: string;
  seed: number;
  model: string;
  batchItems: number;
  prefixTokens: number;
  documentTokens: number;
  outputTokens: number;
  /** When each batch is sealed, ms since the epoch, ascending. */
  sealedAt: readonly number[];
  arrivals: Arrivals;
  /** `shared`: one prefix for all. `changing`: another for each batch, as with changing tools. `unique`: one for each item. */
  prefixes: 'shared' | 'changing' | 'unique';
  /** Of the possible reads, the share the provider serves. */
  hitShare: number;
  /** How long batches take. */
  latency: 'provider-like' | { minMs: number; maxMs: number };
}

export type Arrivals = 'steady' | 'bursty' | 'sparse' | 'hourly';

const minuteMs = 60_000;
const startAt = Date.UTC(2026, 10, 29);

/** Moments of `count` batches. */
export function arrivalTimes(arrivals: Arrivals, count: number, seed: number): number[] {
  const draw = seededRandom(seed);
  const between = (low: number, high: number): number => low * (high / low) ** draw();
  const spacing =
    { steady: between(0.25, 12), bursty: between(20, 120), sparse: between(15, 150), hourly: 60 }[arrivals] * minuteMs;
  const burst = 4 + Math.floor(draw() * 16);
  let at = startAt;
  return Array.from({ length: count }, (_, index) => {
    if (arrivals === 'steady') at += spacing * (0.9 + 0.2 * draw());
    else if (arrivals === 'bursty') at += index % burst === 0 ? spacing * (0.5 + draw()) : 1_000 + 4_000 * draw();
    else if (arrivals === 'sparse') at += -Math.log(1 - draw()) * spacing;
    else at += spacing;
    return Math.round(at);
  });
}
