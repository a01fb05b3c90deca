import { addFields } from '../add-fields.ts';
import type { CacheState } from './cache-arrivals.ts';
import type { CacheLesson } from './cache-lesson.ts';
import type { CacheTtl } from './cache-plan.ts';

/** Items that read, and items that wrote: of batches of one kind, weighed. */
export interface HitTally {
  hits: number;
  misses: number;
}

export interface HitTallies {
  /** The latest lesson; every other one counts less, by its age before this. */
  at: number;
  byKind: ReadonlyMap<string, HitTally>;
}

export const noHits: HitTally = { hits: 0, misses: 0 };

/** After this time a lesson counts half: providers change. */
const halfLifeMs = 72 * 3_600_000;
/** Items of a batch fare alike: many of them say less than as many batches of one. */
const alikeness = 0.05;

/** Sums lessons of batches that were sent with markers, by time to live and by what they found. */
export function hitTallies(lessons: readonly CacheLesson[], stateOf: (lesson: CacheLesson) => CacheState): HitTallies {
  const at = lessons.reduce((latest, lesson) => Math.max(latest, lesson.at), 0);
  const byKind = new Map<string, HitTally>();
  for (const lesson of lessons) {
    const { ttl, use, items, hits } = lesson;
    if (use !== 'marked' || items === 0) continue;
    const kind = kindOf({ ttl, state: stateOf(lesson), items });
    const weight = fading(at - lesson.at) / (1 + (items - 1) * alikeness);
    const tally = byKind.get(kind) ?? { ...noHits };
    tally.hits += hits * weight;
    tally.misses += (items - hits) * weight;
    byKind.set(kind, tally);
  }
  return { at, byKind };
}

/** Lessons of one kind, as they count now. */
export function tallyOf({ at, byKind }: HitTallies, kind: string, now: number): HitTally {
  const tally = byKind.get(kind);
  return tally ? scale(tally, fading(Math.max(0, now - at))) : noHits;
}

/** What starts side by side finds nothing, the more so the more it is: only there the size of the batch matters. */
export const kindOf = ({ ttl, state, items }: { ttl: CacheTtl; state: CacheState; items: number }): string =>
  state === 'cold' || state === 'young' || state === 'late'
    ? `${ttl} ${state} ${Math.round(2 * Math.log10(Math.max(1, items)))}`
    : `${ttl} ${state}`;

export const addTallies = addFields<HitTally>;

export const scale = ({ hits, misses }: HitTally, by: number): HitTally => ({ hits: hits * by, misses: misses * by });

export const weightOf = ({ hits, misses }: HitTally): number => hits + misses;

const fading = (age: number): number => 0.5 ** (age / halfLifeMs);
