import { cacheTtlMs } from './cache-minimums.ts';
import type { CacheTtl } from './cache-plan.ts';

/** When a batch with a prefix was sealed, and what it left behind. */
export interface SightedAt {
  bk: string;
  /** Ms since the epoch. */
  at: number;
  /** Null when it went without a marker. */
  ttl: CacheTtl | null;
  isPrimed: boolean;
}

/**
 * What the items of a batch find. `primed`: an entry written for them. `warm`: that of an earlier batch. `young`: an earlier batch is
 * on its way, and may not have begun. `late`: an entry that lives only if earlier items read it late. `cold`: nothing.
 */
export type CacheState = 'primed' | UnprimedState;
export type UnprimedState = 'warm' | 'young' | 'late' | 'cold';

/** Batches begin within about this time. */
const beginMs = 60_000;
/** An entry is renewed while its batch runs, so it may outlive its time to live by so many of them. */
const lateTtls = 3;

/**
 * @param sightings of one prefix, latest first
 * @param options.batch which this is asked for: its own sighting does not count
 * @param options.timeScale how much faster than ours the provider's time runs
 */
export function stateAt(
  sightings: readonly SightedAt[],
  now: number,
  { batch, timeScale = 1 }: { batch?: string; timeScale?: number } = {},
): UnprimedState {
  let state: UnprimedState = 'cold';
  for (let index = firstNotAfter(sightings, now); index < sightings.length; index += 1) {
    const { at, ttl, isPrimed, bk } = sightings[index] as SightedAt;
    const age = (now - at) * timeScale;
    if (age >= lateTtls * cacheTtlMs['1h']) break;
    if (ttl === null || bk === batch) continue;
    if (age < cacheTtlMs[ttl]) {
      if (isPrimed || age >= beginMs) return 'warm';
      state = 'young';
    } else if (state === 'cold' && age < lateTtls * cacheTtlMs[ttl]) state = 'late';
  }
  return state;
}

/**
 * The same sightings with the time to live of the entry that each left behind. A batch that found an entry renews it and writes
 * none: after five minutes' entry a marker of an hour has left five minutes, until an item of it is known to have written.
 * @param sightings of one prefix, latest first
 */
export function entriesLeft<T extends SightedAt>(
  sightings: readonly T[],
  { wrote, timeScale = 1 }: { wrote: (bk: string) => boolean; timeScale?: number },
): readonly T[] {
  let entry: { at: number; ttl: CacheTtl } | null = null;
  // Mostly nothing differs, and then nothing is copied: this is asked for with every batch.
  let left: T[] | null = null;
  for (let index = sightings.length - 1; index >= 0; index -= 1) {
    const sighting = sightings[index] as T;
    const { at, bk } = sighting;
    let { ttl } = sighting;
    if (ttl === null) continue;
    const isFound: boolean = entry !== null && (at - entry.at) * timeScale < cacheTtlMs[entry.ttl];
    if (entry !== null && isFound && entry.ttl !== ttl && (entry.ttl === '1h' || !wrote(bk))) {
      ttl = entry.ttl;
      left ??= [...sightings];
      left[index] = { ...sighting, ttl };
    }
    entry = { at, ttl };
  }
  return left ?? sightings;
}

/** Halves what is left: every lesson of a model is asked for its state whenever one is added. */
function firstNotAfter(sightings: readonly SightedAt[], now: number): number {
  let [low, high] = [0, sightings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sightings[middle]?.at ?? 0) > now) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How often batches would find a prefix so, if all carried markers of one time to live and none was primed. */
export type StateShares = Record<UnprimedState, number>;

/** Before any batch was seen the next one may come in time or not. */
const unseen: StateShares = { young: 0, warm: 0.25, late: 0, cold: 0.75 };

/**
 * @param gaps between batches of this prefix, ms
 * @param otherGaps before batches of any prefix of the model, `Infinity` where it was the first: they count as one gap
 */
export function stateShares(gaps: readonly number[], otherGaps: readonly number[], ttl: CacheTtl): StateShares {
  const others = sharesOf(countGaps(otherGaps, ttl, unseen));
  return sharesOf(countGaps(gaps, ttl, others));
}

function countGaps(gaps: readonly number[], ttl: CacheTtl, start: StateShares): StateShares {
  const counts = { ...start };
  for (const gap of gaps) {
    counts[
      gap < beginMs ? 'young' : gap < cacheTtlMs[ttl] ? 'warm' : gap < lateTtls * cacheTtlMs[ttl] ? 'late' : 'cold'
    ] += 1;
  }
  return counts;
}

function sharesOf({ young, warm, late, cold }: StateShares): StateShares {
  const all = young + warm + late + cold;
  return { young: young / all, warm: warm / all, late: late / all, cold: cold / all };
}

/** Between batches of one prefix, in ms of the provider's time. @param sightings latest first */
export const gapsBetween = (sightings: readonly SightedAt[], timeScale = 1): number[] =>
  sightings.slice(1).map(({ at }, index) => ((sightings[index]?.at ?? at) - at) * timeScale);

type Ordered = Pick<SightedAt, 'at' | 'bk' | 'isPrimed'>;

/**
 * Of those sealed in one moment the primed one was planned first: the others were left without a prime because of it, and find
 * what it wrote.
 */
export const latestFirst = (a: Ordered, b: Ordered): number =>
  b.at - a.at || Number(a.isPrimed) - Number(b.isPrimed) || (a.bk < b.bk ? 1 : a.bk > b.bk ? -1 : 0);
