import type { CacheState } from './cache-arrivals.ts';
import type { CacheLessons } from './cache-lessons.ts';
import type { CacheTtl } from './cache-plan.ts';
import { addTallies, type HitTally, kindOf, noHits, scale, tallyOf, weightOf } from './hit-tallies.ts';

/** Share of a batch's items that read; `low` to `high` holds it nine times in ten. */
export interface HitRate {
  mean: number;
  low: number;
  high: number;
  /** Standard deviation of what is known. */
  spread: number;
}

export interface HitQuestion {
  hash: string;
  model: string;
  items: number;
  ttl: CacheTtl;
  state: CacheState;
  now: number;
}

/** Documented for items of a batch that find an entry: 30 % to 98 %. */
const documented: HitTally = { hits: 2.56, misses: 1.44 };
/** What other prefixes of the model showed counts as this many items at most. */
const borrowedMax = 20;
/** How far what is known of the provider carries to a kind of batch that was never seen. */
const carriedMax = 16;
/** What a batch finds that is not primed, as a share of what it would find primed, before any was seen. */
const unprimedShare: Record<Exclude<CacheState, 'primed'>, number> = { warm: 1, young: 0.8, late: 0.6, cold: 0.8 };
const unprimedWeight: Record<Exclude<CacheState, 'primed'>, number> = { warm: 4, young: 2, late: 2, cold: 2 };
/** Standard deviations to either side that hold nine of ten. */
const certainty = 1.645;

/** What is known of a hit rate: what this prefix showed, what its model's other prefixes showed, and what is documented. */
export function hitRate(lessons: CacheLessons, question: HitQuestion): HitRate {
  const { state, items } = question;
  if (items <= 1 && state === 'cold') return { mean: 0, low: 0, high: 0, spread: 0 };
  const shown = shownBy(lessons, question, kindOf(question));
  const tally = addTallies(priorOf(lessons, question), shown);
  const mean = tally.hits / weightOf(tally);
  const spread = Math.sqrt((mean * (1 - mean)) / (weightOf(tally) + 1));
  const [low, high] = [Math.max(0, mean - certainty * spread), Math.min(1, mean + certainty * spread)];
  return { mean, low, high, spread };
}

/** As `low`, but of what a single batch shows: few items may fare worse than their rate. */
export const batchLow = ({ mean, spread }: HitRate, items: number): number =>
  Math.max(0, mean - certainty * Math.sqrt(spread ** 2 + (mean * (1 - mean)) / items));

/** This prefix in full, the model's others as far as they may be borrowed from. */
function shownBy(lessons: CacheLessons, { hash, model, now }: HitQuestion, kind: string): HitTally {
  const own = tallyOf(lessons.prefixTallies(hash), kind, now);
  const all = tallyOf(lessons.modelTallies(model), kind, now);
  const others = { hits: Math.max(0, all.hits - own.hits), misses: Math.max(0, all.misses - own.misses) };
  return addTallies(own, atMost(others, borrowedMax));
}

/** How the provider serves what is there, whatever the time to live: known from batches that found an entry. */
function priorOf(lessons: CacheLessons, question: HitQuestion): HitTally {
  const { state, items } = question;
  let served = documented;
  for (const ttl of ['5m', '1h'] as const) {
    for (const found of ['primed', 'warm'] as const) {
      if (ttl === question.ttl && found === state) continue;
      served = addTallies(served, shownBy(lessons, question, kindOf({ ttl, state: found, items })));
    }
  }
  served = atLeast(served, coldReaders(lessons, question));
  if (state === 'primed' || state === 'warm') return atMost(served, carriedMax);
  const readers = state === 'cold' ? (items - 1) / items : 1;
  const mean = (served.hits / weightOf(served)) * unprimedShare[state] * readers;
  return scale({ hits: mean, misses: 1 - mean }, unprimedWeight[state]);
}

/** Of what started with nothing there, all but the first of each batch might have read: how many did is the least there is to be had. */
function coldReaders(lessons: CacheLessons, question: HitQuestion): HitTally {
  const { items } = question;
  const shown = (['5m', '1h'] as const)
    .map(ttl => shownBy(lessons, question, kindOf({ ttl, state: 'cold', items })))
    .reduce(addTallies);
  const first = weightOf(shown) / Math.max(1, items);
  return { hits: shown.hits, misses: Math.max(0, shown.misses - first) };
}

const atLeast = (tally: HitTally, other: HitTally): HitTally =>
  other.hits * weightOf(tally) > tally.hits * weightOf(other) ? addTallies(tally, other) : tally;

const atMost = (tally: HitTally, max: number): HitTally =>
  weightOf(tally) === 0 ? noHits : scale(tally, Math.min(1, max / weightOf(tally)));
