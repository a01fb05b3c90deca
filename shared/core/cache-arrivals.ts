import { cacheTtlMs } from './cache-minimums.ts';
import type { CacheTtl } from './cache-plan.ts';

/** When a batch with a prefix was sealed, and what it left behind. */
export interface SightedAt {
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

/** @param sightings of one prefix, latest first */
export function stateAt(sightings: readonly SightedAt[], now: number): UnprimedState {
  let state: UnprimedState = 'cold';
  for (const { at, ttl, isPrimed } of sightings) {
    const age = now - at;
    if (ttl === null || age < 0) continue;
    if (age < cacheTtlMs[ttl]) {
      if (isPrimed || age >= beginMs) return 'warm';
      state = 'young';
    } else if (state === 'cold' && age < lateTtls * cacheTtlMs[ttl]) state = 'late';
  }
  return state;
}

/** How often batches of a prefix would find it warm, late and cold, if all carried markers of one time to live. */
export type StateShares = Record<'warm' | 'late' | 'cold', number>;

/** Before any gap was seen the next batch may come in time or not. */
const priorGaps = 1;

/** @param sightings of one prefix, latest first */
export function stateShares(sightings: readonly SightedAt[], ttl: CacheTtl): StateShares {
  const counts = { warm: priorGaps / 2, late: 0, cold: priorGaps / 2 };
  for (let index = 1; index < sightings.length; index += 1) {
    const gap = (sightings[index - 1]?.at ?? 0) - (sightings[index]?.at ?? 0);
    counts[gap < cacheTtlMs[ttl] ? 'warm' : gap < lateTtls * cacheTtlMs[ttl] ? 'late' : 'cold'] += 1;
  }
  const all = counts.warm + counts.late + counts.cold;
  return { warm: counts.warm / all, late: counts.late / all, cold: counts.cold / all };
}

export const latestFirst = (a: { at: number; bk: string }, b: { at: number; bk: string }): number =>
  b.at - a.at || (a.bk < b.bk ? 1 : a.bk > b.bk ? -1 : 0);
