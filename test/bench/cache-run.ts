import type { Usage } from '#core/cost.ts';
import type { CacheTtl } from '#core/prompt-cache/cache-plan.ts';
import { type BoughtBatch, type CacheItem, CacheProvider, primeMs } from './cache-provider.ts';
import type { CacheWorkload } from './cache-workload.ts';

/** What is done for one batch. */
export interface CacheAct {
  /** Null: no marker. */
  ttl: CacheTtl | null;
  prime: boolean;
}

export interface BatchMoment {
  index: number;
  now: number;
  prefix: string;
  /** Looks into the provider's cache, which only the clairvoyant may. */
  isLive(): boolean;
}

export interface CacheStrategy {
  act(moment: BatchMoment): CacheAct;
  settled?(batch: { index: number; sealedAt: number; usages: readonly Usage[]; cost: number }): void;
}

/** Runs a workload on virtual time. @returns what was billed for each batch, its prime included, in picodollars */
export function runWorkload(workload: CacheWorkload, strategy: CacheStrategy): Float64Array {
  const provider = new CacheProvider(workload);
  const costs = new Float64Array(workload.sealedAt.length);
  const open: { index: number; sealedAt: number; batch: BoughtBatch }[] = [];
  const settleUntil = (now: number): void => {
    open.sort((a, b) => a.batch.endsAt - b.batch.endsAt);
    while (open[0] && open[0].batch.endsAt <= now) {
      const { index, sealedAt, batch } = open.shift() as (typeof open)[number];
      const { usages, cost } = provider.collect(batch);
      costs[index] = (costs[index] ?? 0) + cost;
      strategy.settled?.({ index, sealedAt, usages, cost });
    }
  };
  for (const [index, now] of workload.sealedAt.entries()) {
    settleUntil(now);
    const prefix = prefixOf(workload, index, 0);
    const { ttl, prime } = strategy.act({ index, now, prefix, isLive: () => provider.isLive(prefix, now) });
    if (ttl && prime) costs[index] = provider.prime(prefix, ttl, now);
    const items = itemsOf(workload, index, ttl);
    const batch = provider.create(index + 1, items, ttl && prime ? now + primeMs : now);
    open.push({ index, sealedAt: now, batch });
  }
  settleUntil(Infinity);
  return costs;
}

export function prefixOf({ prefixes }: CacheWorkload, batch: number, item: number): string {
  if (prefixes === 'shared') return 'prefix';
  return prefixes === 'changing' ? `prefix ${batch}` : `prefix ${batch} ${item}`;
}

const itemsOf = (workload: CacheWorkload, batch: number, ttl: CacheTtl | null): CacheItem[] =>
  Array.from({ length: workload.batchItems }, (_, item) => ({ prefix: prefixOf(workload, batch, item), ttl }));

/** Without any marker. */
export const noMarkers: CacheStrategy = { act: () => ({ ttl: null, prime: false }) };
