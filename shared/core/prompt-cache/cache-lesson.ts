import type { Usage } from '../cost.ts';
import type { SightedAt } from './cache-arrivals.ts';
import type { CachePlan, CachePlanUse, CacheTtl } from './cache-plan.ts';

/** A batch was sealed with this prefix, marked or not: when it comes again is learned from these. */
export interface CacheSighting extends SightedAt {
  hash: string;
  /** Absent where only the log told of it. */
  model?: string;
  items: number;
  /** Of the prefix, by estimate, beyond the next shorter one that is shared; absent as above. */
  tokens?: number;
  /** What its markers may cost beyond none; absent as above. */
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
  /** Answered items that carried a marker, as far as their usage shows it; of batches without markers all of them. */
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
  /** When the batch was sealed, ms since the epoch. */
  at: number;
  plan: CachePlan;
  /** Of each answered item, and who answered it. */
  answered: readonly { usage: Usage; model: string }[];
}

/**
 * What a settled batch teaches, from the usage of each of its answered items. With several marks each is told its share
 * of the whole batch, and of what was written at its price, so that sums over prefixes stay sums over batches.
 */
export function cacheLessonsOf({ bk, at, plan, answered }: SettledUsages): CacheLesson[] {
  const usages = answered.map(({ usage }) => usage);
  const marked = markedOf(answered, plan);
  const read = sumOf(usages, ({ cacheRead }) => cacheRead);
  const written = sumOf(usages, writtenBy);
  const prompts = read + written + sumOf(usages, ({ input }) => input);
  const share = plan.marks.length;
  const writtenFor = (ttl: CacheTtl): number =>
    sumOf(usages, usage => (ttl === '1h' ? usage.cacheWrite1h : usage.cacheWrite5m)) /
    plan.marks.filter(mark => mark.ttl === ttl).length;
  return plan.marks.map(({ hash, ttl, prime }) => ({
    bk,
    hash,
    model: marked[0]?.model ?? '',
    ttl,
    use: plan.use,
    isPrimed: prime,
    items: marked.length,
    prefixTokens: usages.reduce((most, usage) => Math.max(most, cachedBy(usage)), 0),
    promptTokens: Math.round(prompts / share),
    hits: usages.filter(({ cacheRead }) => cacheRead > 0).length,
    readTokens: Math.round(read / share),
    writtenTokens: Math.round(writtenFor(ttl)),
    at,
  }));
}

/**
 * A marker makes an item read or write, so what did neither had none: another prefix, another model. It has missed nothing.
 * Where nobody did either, the prefix was too short for the provider, and all have missed it.
 */
function markedOf(answered: SettledUsages['answered'], { use }: CachePlan): SettledUsages['answered'] {
  const touched = use === 'marked' ? answered.filter(({ usage }) => cachedBy(usage) > 0) : [];
  return touched.length > 0 ? touched : answered;
}

const sumOf = (usages: readonly Usage[], of: (usage: Usage) => number): number =>
  usages.reduce((sum, usage) => sum + of(usage), 0);
const writtenBy = ({ cacheWrite5m, cacheWrite1h }: Usage): number => cacheWrite5m + cacheWrite1h;
const cachedBy = (usage: Usage): number => usage.cacheRead + writtenBy(usage);
