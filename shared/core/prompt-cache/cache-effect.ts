import type { Money } from '../money.ts';
import type { SettledRecord } from '../settled.ts';
import type { CachePlanUse } from './cache-plan.ts';

/** What batches with a plan showed, added up by what became of the plan. */
export interface CacheTally {
  batches: number;
  /** Answered items, and those of them that read anything from the cache. */
  items: number;
  hits: number;
  /** Of their whole prompts, as billed. */
  promptTokens: number;
  /** What the same tokens cost without a cache, less what they cost. */
  saved: Money;
}

export type CacheTallies = Readonly<Record<CachePlanUse, CacheTally>>;

const noTally: CacheTally = { batches: 0, items: 0, hits: 0, promptTokens: 0, saved: 0 };

export const noTallies: CacheTallies = { marked: noTally, 'held-back': noTally, shadow: noTally };

/** One more settled batch. @param share of it that counts, 0 to 1: that of a run in a batch of several */
export function addToTallies(
  tallies: CacheTallies,
  { cache, spend }: Pick<SettledRecord, 'cache' | 'spend'>,
  share = 1,
): CacheTallies {
  const [first] = cache ?? [];
  if (!cache || !first) return tallies;
  const before = tallies[first.use];
  const saved = (spend?.rows ?? []).reduce((sum, { uncached, billed }) => sum + uncached - billed, 0);
  const after: CacheTally = {
    batches: before.batches + 1,
    items: before.items + first.items * share,
    hits: before.hits + Math.max(...cache.map(({ hits }) => hits)) * share,
    promptTokens: before.promptTokens + cache.reduce((sum, lesson) => sum + lesson.promptTokens, 0) * share,
    saved: before.saved + saved * share,
  };
  return { ...tallies, [first.use]: after };
}

export interface CacheEffect {
  /** Share of the items with markers that read from the cache; null before one was answered. */
  hitRate: number | null;
  /** Below zero it cost more than it saved. */
  saved: Money;
  /** Share of the batches that markers would have paid for and that went without. */
  heldBack: number;
}

/**
 * What markers did, measured: what marked batches saved against the price of the same tokens, beyond what batches without
 * markers saved for each of theirs (a provider may cache by itself), less what was bought to write ahead.
 */
export function cacheEffect({ marked, 'held-back': held }: CacheTallies, primes: Money): CacheEffect {
  const withoutMarkers = held.promptTokens === 0 ? 0 : (held.saved / held.promptTokens) * marked.promptTokens;
  const batches = marked.batches + held.batches;
  return {
    hitRate: marked.items === 0 ? null : marked.hits / marked.items,
    saved: Math.round(marked.saved - withoutMarkers - primes),
    heldBack: batches === 0 ? 0 : held.batches / batches,
  };
}
