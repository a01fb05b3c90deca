import type { SightedAt } from './cache-arrivals.ts';
import type { CachePlan, CachePlanUse, CacheTtl } from './cache-plan.ts';
import type { Usage } from './cost.ts';

/** A batch was sealed with this prefix, marked or not: when it comes again is learned from these. */
export interface CacheSighting extends SightedAt {
  hash: string;
  /** Absent where only the log told of it. */
  model?: string;
  items: number;
  /** Of the prefix, by estimate; absent as above. */
  tokens?: number;
  /** Nanodollars that its markers may cost beyond none; absent as above. */
  atRisk?: number;
}

/** What one settled batch showed about a prefix. */
export interface CacheLesson {
  bk: string;
  hash: string;
  model: string;
  ttl: CacheTtl;
  use: CachePlanUse;
  isPrimed: boolean;
  /** Answered items with this prefix: those of which usage is known. */
  items: number;
  /** Of the prefix, as billed; 0 when nothing was read or written. */
  prefixTokens: number;
  /** Of the whole prompts, as billed, cached ones included. */
  promptTokens: number;
  /** Items that read anything from the cache. */
  hits: number;
  readTokens: number;
  writtenTokens: number;
  /** When the batch was sealed, ms since the epoch. */
  at: number;
}

export interface SettledUsages {
  bk: string;
  model: string;
  /** When the batch was sealed, ms since the epoch. */
  at: number;
  plan: CachePlan;
  /** Of each answered item. */
  usages: readonly Usage[];
}

/**
 * What a settled batch teaches, from the usage of each of its answered items. With several marks each is told its share
 * of the whole batch, so that sums over prefixes stay sums over batches.
 */
export function cacheLessonsOf({ bk, model, at, plan, usages }: SettledUsages): CacheLesson[] {
  const read = usages.reduce((sum, { cacheRead }) => sum + cacheRead, 0);
  const written = usages.reduce((sum, usage) => sum + writtenBy(usage), 0);
  const prompts = usages.reduce((sum, { input }) => sum + input, read + written);
  const share = plan.marks.length;
  return plan.marks.map(({ hash, ttl, prime }) => ({
    bk,
    hash,
    model,
    ttl,
    use: plan.use,
    isPrimed: prime,
    items: usages.length,
    prefixTokens: usages.reduce((most, usage) => Math.max(most, usage.cacheRead + writtenBy(usage)), 0),
    promptTokens: Math.round(prompts / share),
    hits: usages.filter(({ cacheRead }) => cacheRead > 0).length,
    readTokens: Math.round(read / share),
    writtenTokens: Math.round(written / share),
    at,
  }));
}

const writtenBy = ({ cacheWrite5m, cacheWrite1h }: Usage): number => cacheWrite5m + cacheWrite1h;
