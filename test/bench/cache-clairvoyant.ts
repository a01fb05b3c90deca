import { type CacheAct, type CacheStrategy, runWorkload } from './cache-run.ts';
import type { CacheWorkload } from './cache-workload.ts';

export interface Clairvoyant {
  costs: Float64Array;
  acts: readonly CacheAct[];
}

const ttls = ['5m', '1h'] as const;
const acts: readonly CacheAct[] = [
  { ttl: null, prime: false },
  ...ttls.flatMap(ttl => [false, true].map(prime => ({ ttl, prime }))),
];

const fixed: readonly ((isLive: () => boolean) => CacheAct)[] = [
  ...acts.map(act => () => act),
  ...ttls.map(
    ttl =>
      (isLive: () => boolean): CacheAct => ({ ttl, prime: !isLive() }),
  ),
];

/**
 * What is best in hindsight: of all fixed strategies (with and without primes, and with primes exactly where nothing is live) the
 * one with the lowest invoice, and then, batch by batch, every change of one batch that lowers the whole invoice.
 * @param from batches before this one do not count
 */
export function clairvoyant(workload: CacheWorkload, { from, passes }: { from: number; passes: number }): Clairvoyant {
  let best: Clairvoyant | null = null;
  for (const choose of fixed) {
    const taken: CacheAct[] = [];
    const strategy: CacheStrategy = {
      act: ({ index, isLive }) => {
        const act = choose(isLive);
        taken[index] = act;
        return act;
      },
    };
    const costs = runWorkload(workload, strategy);
    if (!best || sumFrom(costs, from) < sumFrom(best.costs, from)) best = { costs, acts: taken };
  }
  if (!best) throw new Error('no strategy');
  for (let pass = 0; pass < passes; pass += 1) best = improved(workload, best, from);
  return best;
}

function improved(workload: CacheWorkload, start: Clairvoyant, from: number): Clairvoyant {
  let best = start;
  for (const index of workload.sealedAt.keys()) {
    for (const act of acts) {
      const current = best.acts[index];
      if (current?.ttl === act.ttl && current.prime === act.prime) continue;
      const changed = best.acts.with(index, act);
      const costs = runWorkload(workload, { act: moment => changed[moment.index] as CacheAct });
      if (sumFrom(costs, from) < sumFrom(best.costs, from)) best = { costs, acts: changed };
    }
  }
  return best;
}

export const sumFrom = (costs: Float64Array, from: number): number =>
  costs.subarray(from).reduce((sum, cost) => sum + cost, 0);
