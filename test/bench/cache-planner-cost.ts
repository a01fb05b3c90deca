import { cacheLessonsOf } from '#core/prompt-cache/cache-lesson.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { planCache } from '#core/prompt-cache/plan-cache.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { PromptHeads } from '#core/prompt-cache/prompt-heads.ts';
import type { PromptBlocks } from '#core/prompt-cache/prompt-positions.ts';
import { requestsOf } from './cache-primed.ts';
import { median } from './median.ts';

/** Milliseconds for a batch of 100 documents with prefixes of 20,000 tokens, by a planner that has learned all it can hold. */
export interface PlannerCostReport {
  /** Finding the blocks of all requests, and their hashes. */
  blocksMs: number;
  /** Choosing. */
  planMs: number;
  /** Both, in the round that was disturbed least. */
  lowestMs: number;
  /** Parsing the JSON of the same requests once: the least that looking into each of them would cost. */
  anchorMs: number;
}

const model = 'claude-haiku-4-5';
const rounds = 1_500;
const [batchItems, prefixTokens] = [100, 20_000];

export function measurePlannerCost(): PlannerCostReport {
  const bodies = requestsOf(batchItems, prefixTokens);
  const heads = new PromptHeads();
  const lessons = new CacheLessons();
  let items: PromptBlocks[] = [];
  let at = Date.UTC(2026, 10, 29);
  let count = 0;
  const blocks: number[] = [];
  const plans: number[] = [];
  const anchors: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    count += 1;
    at += 60_000;
    blocks.push(
      timed(() => {
        items = bodies.map(body => promptBlocks(body, heads));
      }),
    );
    plans.push(timed(() => planOne(`bk-${count}`, { items, at, lessons })));
    if (round % 100 === 0) anchors.push(timed(() => bodies.forEach(body => void JSON.parse(body))));
  }
  const lowestMs = Math.min(...blocks.map((blocksMs, round) => blocksMs + (plans[round] ?? Infinity)));
  return { blocksMs: median(blocks), planMs: median(plans), lowestMs, anchorMs: median(anchors) };
}

const none = { input: 500, output: 50, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
const answered = Array.from({ length: batchItems }, (_, index) => ({
  usage: index % 10 === 0 ? { ...none, cacheWrite5m: prefixTokens } : { ...none, cacheRead: prefixTokens },
  model,
}));

/** Plans, tells the lessons, and lets the batch settle with nine of ten items read. */
function planOne(
  bk: string,
  { items, at, lessons }: { items: PromptBlocks[]; at: number; lessons: CacheLessons },
): void {
  const { plan, sightings } = planCache({ bk, model, at, items, lessons, holdoutShare: 0.02, mode: 'on' });
  for (const sighting of sightings) lessons.see(sighting);
  if (!plan) return;
  for (const lesson of cacheLessonsOf({ bk, at, plan, answered })) lessons.learn(lesson);
}

function timed(run: () => void): number {
  const startedMs = performance.now();
  run();
  return performance.now() - startedMs;
}

export function formatPlannerCost({ blocksMs, planMs, lowestMs, anchorMs }: PlannerCostReport): string {
  const sum = blocksMs + planMs;
  return [
    `planner, batch of 100 with prefixes of 20,000 tokens: ${sum.toFixed(2)} ms (target < 1 ms):`,
    `${blocksMs.toFixed(2)} ms to find blocks, ${planMs.toFixed(2)} ms to choose and to learn, ${lowestMs.toFixed(2)} ms together at least;`,
    `JSON.parse of the same requests ${anchorMs.toFixed(1)} ms, ${(anchorMs / sum).toFixed(0)} times as long`,
  ].join(' ');
}
