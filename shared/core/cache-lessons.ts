import { cacheTtlMs } from './cache-minimums.ts';
import type { CachePlan, CachePlanUse, CacheTtl } from './cache-plan.ts';
import type { Usage } from './cost.ts';
import { canonicalModel } from './prices.ts';

/** A batch was sealed with this prefix, marked or not: when it comes again is learned from these. */
export interface CacheSighting {
  bk: string;
  hash: string;
  /** Absent where only the log told of it. */
  model?: string;
  items: number;
  /** When it was sealed, ms since the epoch. */
  at: number;
  /** Null when it went without a marker. */
  ttl: CacheTtl | null;
  isPrimed: boolean;
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

/** How sure a share is: `low` to `high` holds nine of ten. */
export interface HitRate {
  mean: number;
  low: number;
  high: number;
}

/** What the items of a batch find: an entry that was written for them, one of an earlier batch, or nothing. */
export type CacheState = 'primed' | 'warm' | 'cold';

export interface HitQuestion {
  hash: string;
  model: string;
  ttl: CacheTtl;
  items: number;
  state: CacheState;
  now: number;
}

const prefixesMax = 2_000;
const perPrefixMax = 64;
const perClassMax = 256;

/**
 * What was learned of prefixes: a bounded fold of sightings and lessons, the same whatever their order. Of each prefix
 * and each class (model and size of batch) the latest ones count, and what is old counts less.
 */
export class CacheLessons {
  readonly #prefixes = new Map<string, PrefixHistory>();
  readonly #classes = new Map<string, CacheLesson[]>();

  /** Whoever seals a batch says so, before the next one is planned. */
  see(sighting: CacheSighting): void {
    const { sightings } = this.#prefixOf(sighting.hash);
    insertLatest(sightings, sighting, perPrefixMax);
    this.#forget();
  }

  /** The first lesson of a batch about a prefix counts. */
  learn(lesson: CacheLesson): void {
    insertLatest(this.#prefixOf(lesson.hash).lessons, lesson, perPrefixMax);
    const key = classOf(lesson.model, lesson.items);
    const lessons = this.#classes.get(key) ?? [];
    this.#classes.set(key, lessons);
    insertLatest(lessons, lesson, perClassMax);
    this.#forget();
  }

  sightings(hash: string): readonly CacheSighting[] {
    return this.#prefixes.get(hash)?.sightings ?? [];
  }

  lessons(hash: string): readonly CacheLesson[] {
    return this.#prefixes.get(hash)?.lessons ?? [];
  }

  classLessons(model: string, items: number): readonly CacheLesson[] {
    return this.#classes.get(classOf(model, items)) ?? [];
  }

  /** Share of items that read instead of writing. */
  hitRate(question: HitQuestion): HitRate {
    const { hash, model, items } = question;
    const own = this.lessons(hash).filter(lesson => this.#isAbout(lesson, question));
    const others = this.classLessons(model, items).filter(
      lesson => lesson.hash !== hash && this.#isAbout(lesson, question),
    );
    const prior = priorOf(question);
    const classTally = tallyOf(others, question.now);
    const borrowed = Math.min(1, borrowedWeightMax / Math.max(1e-9, classTally.hits + classTally.misses));
    const tally = tallyOf(own, question.now);
    const hits = prior.hits + classTally.hits * borrowed + tally.hits;
    const misses = prior.misses + classTally.misses * borrowed + tally.misses;
    const mean = hits / (hits + misses);
    const spread = certainty * Math.sqrt((mean * (1 - mean)) / (hits + misses + 1));
    return { mean, low: Math.max(0, mean - spread), high: Math.min(1, mean + spread) };
  }

  /** What items of a batch that is sealed now would find, without a prime. */
  state(hash: string, now: number): Exclude<CacheState, 'primed'> {
    return stateAt(this.sightings(hash), now);
  }

  /** As plain data, in an order that does not depend on what came first. */
  toSnapshot(): CacheLessonsSnapshot {
    return { prefixes: sorted(this.#prefixes), classes: sorted(this.#classes) };
  }

  static fromSnapshot({ prefixes, classes }: CacheLessonsSnapshot): CacheLessons {
    const made = new CacheLessons();
    for (const [hash, history] of prefixes) made.#prefixes.set(hash, history);
    for (const [key, lessons] of classes) made.#classes.set(key, lessons);
    return made;
  }

  #isAbout(lesson: CacheLesson, { ttl, state }: HitQuestion): boolean {
    if (lesson.use !== 'marked' || lesson.ttl !== ttl || lesson.items === 0) return false;
    const was = lesson.isPrimed ? 'primed' : stateAt(this.sightings(lesson.hash), lesson.at, lesson.bk);
    return was === state;
  }

  #prefixOf(hash: string): PrefixHistory {
    const history = this.#prefixes.get(hash) ?? { sightings: [], lessons: [] };
    this.#prefixes.delete(hash);
    this.#prefixes.set(hash, history);
    return history;
  }

  #forget(): void {
    if (this.#prefixes.size <= prefixesMax) return;
    const [oldest] = this.#prefixes.keys();
    if (oldest !== undefined) this.#prefixes.delete(oldest);
  }
}

export interface CacheLessonsSnapshot {
  prefixes: [hash: string, PrefixHistory][];
  classes: [key: string, CacheLesson[]][];
}

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

interface PrefixHistory {
  sightings: CacheSighting[];
  lessons: CacheLesson[];
}

interface Tally {
  hits: number;
  misses: number;
}

/** Of the lessons of other prefixes, no more than this many items' worth. */
const borrowedWeightMax = 20;
/** Standard deviations to either side that hold nine of ten. */
const certainty = 1.645;
const halfLifeMs = 12 * 3_600_000;
/** Items of a batch fare alike: many of them say less than as many batches of one. */
const alikeness = 0.05;

/** The documented hit rates of batches, 30 % to 98 %, for items that find an entry; what starts side by side hardly reads. */
function priorOf({ state, items }: HitQuestion): Tally {
  if (state === 'cold') return { hits: (0.4 * (items - 1)) / items, misses: 1 - (0.4 * (items - 1)) / items };
  return { hits: 1.28, misses: 0.72 };
}

function tallyOf(lessons: readonly CacheLesson[], now: number): Tally {
  let [hits, misses] = [0, 0];
  for (const lesson of lessons) {
    const age = 0.5 ** (Math.max(0, now - lesson.at) / halfLifeMs);
    const weight = age / (1 + (lesson.items - 1) * alikeness);
    hits += lesson.hits * weight;
    misses += (lesson.items - lesson.hits) * weight;
  }
  return { hits, misses };
}

function stateAt(sightings: readonly CacheSighting[], at: number, bk = ''): 'warm' | 'cold' {
  const isWarm = sightings.some(
    sighting =>
      sighting.ttl !== null && sighting.bk !== bk && sighting.at <= at && at - sighting.at < cacheTtlMs[sighting.ttl],
  );
  return isWarm ? 'warm' : 'cold';
}

/** Batches of about the same size fare alike. */
const classOf = (model: string, items: number): string =>
  `${canonicalModel(model)} ${Math.round(2 * Math.log10(Math.max(1, items)))}`;

/** In order of time; the first of one batch and prefix counts, and of too many the latest stay. */
function insertLatest<T extends { at: number; bk: string; hash: string }>(list: T[], entry: T, max: number): void {
  if (list.some(({ bk, hash }) => bk === entry.bk && hash === entry.hash)) return;
  const after = list.findIndex(({ at, bk }) => at > entry.at || (at === entry.at && bk > entry.bk));
  list.splice(after < 0 ? list.length : after, 0, entry);
  if (list.length > max) list.shift();
}

/**
 * What a settled batch teaches, from the usage of each of its answered items. With several marks each is told the share
 * of the whole batch, so that sums over prefixes stay sums over batches.
 */
export function cacheLessonsOf(settled: {
  bk: string;
  model: string;
  /** When the batch was sealed. */
  at: number;
  plan: CachePlan;
  usages: readonly Usage[];
}): CacheLesson[] {
  const { bk, model, at, plan, usages } = settled;
  const reading = usages.filter(({ cacheRead }) => cacheRead > 0);
  const read = usages.reduce((sum, usage) => sum + usage.cacheRead, 0);
  const written = usages.reduce((sum, usage) => sum + usage.cacheWrite5m + usage.cacheWrite1h, 0);
  const prompts = usages.reduce((sum, usage) => sum + usage.input, read + written);
  const prefix = usages.reduce(
    (max, usage) => Math.max(max, usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h),
    0,
  );
  const share = plan.marks.length;
  return plan.marks.map(({ hash, ttl, prime }) => ({
    bk,
    hash,
    model,
    ttl,
    use: plan.use,
    isPrimed: prime,
    items: usages.length,
    prefixTokens: prefix,
    promptTokens: Math.round(prompts / share),
    hits: reading.length,
    readTokens: Math.round(read / share),
    writtenTokens: Math.round(written / share),
    at,
  }));
}
