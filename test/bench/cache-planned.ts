import { CacheLessons, cacheLessonsOf } from '#core/prompt-cache/cache-lessons.ts';
import { type CachePlan, marksSent } from '#core/prompt-cache/cache-plan.ts';
import { planCache } from '#core/prompt-cache/plan-cache.ts';
import type { PromptBlocks } from '#core/prompt-cache/prompt-positions.ts';
import { type CacheStrategy, prefixOf } from './cache-run.ts';
import type { CacheWorkload } from './cache-workload.ts';

/** The planner of the product, told what the accumulator would tell it and what settled batches showed. */
export function plannedStrategy(workload: CacheWorkload, lessons = new CacheLessons()): CacheStrategy {
  const { model, seed } = workload;
  const plans = new Map<number, CachePlan>();
  const batchKey = (index: number): string => `bk-${seed}-${String(index).padStart(6, '0')}`;
  return {
    act({ index, now }) {
      const items = blocksOf(workload, index);
      const { plan, sightings } = planCache({
        bk: batchKey(index),
        model,
        at: now,
        items,
        lessons,
        holdoutShare: 0.02,
        mode: 'on',
      });
      for (const sighting of sightings) lessons.see(sighting);
      if (plan) plans.set(index, plan);
      const [mark] = marksSent(plan);
      return { ttl: mark?.ttl ?? null, prime: mark?.prime ?? false };
    },
    settled({ index, sealedAt, usages }) {
      const plan = plans.get(index);
      if (!plan) return;
      const answered = usages.map(usage => ({ usage, model }));
      const settled = { bk: batchKey(index), at: sealedAt, plan, answered };
      for (const lesson of cacheLessonsOf(settled)) lessons.learn(lesson);
    },
  };
}

/** Requests of a prefix and a document, without their text. */
export function blocksOf(workload: CacheWorkload, batch: number): PromptBlocks[] {
  const { model, batchItems, prefixTokens, documentTokens } = workload;
  const tokens = prefixTokens + documentTokens;
  return Array.from({ length: batchItems }, (_, item) => ({
    model,
    tokens,
    hasOwnMarkers: false,
    positions: [
      { part: 'system', hash: prefixOf(workload, batch, item), outline: 0, tokens: prefixTokens, canMark: true },
      { part: 'messages', hash: `document ${batch} ${item}`, outline: 0, tokens, canMark: true },
    ],
  }));
}
