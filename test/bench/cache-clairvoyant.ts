import { type BatchMoment, type CacheAct, type CacheStrategy, runWorkload } from './cache-run.ts';
import type { CacheWorkload } from './cache-workload.ts';

export interface Clairvoyant {
  /** Billed for each batch, its prime included. */
  costs: Float64Array;
  acts: readonly CacheAct[];
}

type Choose = (moment: BatchMoment, nextGapMs: number) => CacheAct;

const ttls = ['5m', '1h'] as const;
const acts: readonly CacheAct[] = [
  { ttl: null, prime: false },
  ...ttls.flatMap(ttl => [false, true].map(prime => ({ ttl, prime }))),
];
const livesMs = { '5m': 300_000, '1h': 3_600_000 };

/** Nobody but a clairvoyant could follow the last ones: they look into the provider's cache, and at the gap that comes. */
const strategies: readonly Choose[] = [
  ...acts.map(act => () => act),
  ...ttls.map(
    ttl =>
      ({ isLive }: BatchMoment): CacheAct => ({ ttl, prime: !isLive() }),
  ),
  ...[false, true].map(
    primes =>
      ({ isLive }: BatchMoment, nextGapMs: number): CacheAct => ({
        ttl: nextGapMs >= livesMs['5m'] && nextGapMs < livesMs['1h'] ? '1h' : '5m',
        prime: primes && !isLive(),
      }),
  ),
];

/**
 * The best in hindsight: of all strategies, run over the whole workload against the same draws of the provider, the one with
 * the lowest invoice. It knows arrivals, hit rate and what is live beforehand, and learns nothing because it need not; what it does not
 * know is how the draw for a single item will end.
 * @param from batches before this one do not count
 */
export function clairvoyant(workload: CacheWorkload, from: number): Clairvoyant {
  const runs = strategies.map(choose => {
    const taken: CacheAct[] = [];
    const strategy: CacheStrategy = {
      act(moment) {
        const act = choose(moment, (workload.sealedAt[moment.index + 1] ?? Infinity) - moment.now);
        taken.push(act);
        return act;
      },
    };
    return { costs: runWorkload(workload, strategy), acts: taken };
  });
  return runs.reduce((best, run) => (sumFrom(run.costs, from) < sumFrom(best.costs, from) ? run : best));
}

/**
 * And beyond it: every change of one batch that lowers the whole invoice, one after another. This knows of each item
 * beforehand whether it will miss, and leaves out the unlucky batches; no planner can, so it bounds them all.
 */
export function omniscient(workload: CacheWorkload, from: number): Clairvoyant {
  let best = clairvoyant(workload, from);
  for (const index of workload.sealedAt.keys()) {
    for (const act of acts) {
      const changed = best.acts.with(index, act);
      const costs = runWorkload(workload, { act: moment => changed[moment.index] as CacheAct });
      if (sumFrom(costs, from) < sumFrom(best.costs, from)) best = { costs, acts: changed };
    }
  }
  return best;
}

export const sumFrom = (costs: Float64Array, from: number): number =>
  costs.subarray(from).reduce((sum, cost) => sum + cost, 0);
