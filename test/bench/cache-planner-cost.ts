import { requestParams } from '#core/build-request.ts';
import type { Ask } from '#core/document.ts';
import { cacheLessonsOf } from '#core/prompt-cache/cache-lesson.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { planCache } from '#core/prompt-cache/plan-cache.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { PromptHeads } from '#core/prompt-cache/prompt-heads.ts';
import type { PromptBlocks } from '#core/prompt-cache/prompt-positions.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import { formatTable } from './format-table.ts';
import { median } from './median.ts';

/** Milliseconds for a batch of 100 documents with prefixes of 20,000 tokens, by a planner that has learned all it can hold. */
export interface PlannerCostReport {
  /** Where the prefix stands. */
  prefix: string;
  /** Finding the blocks of all requests as their documents come, and their hashes. */
  blocksMs: number;
  /** Choosing and learning. */
  planMs: number;
  /** Both, in the round that was disturbed least. */
  lowestMs: number;
  /** Parsing the JSON of the same documents once, as whoever reads them has to. */
  anchorMs: number;
}

const model = 'claude-haiku-4-5';
const rounds = 300;
const [batchItems, prefixTokens] = [100, 20_000];
const prefix = 'Say it. '.repeat(prefixTokens / 2);
const texts = Array.from({ length: batchItems }, (_, index) => `document ${index}: ${'word '.repeat(400)}`);
const task: Recipe = { ...asIsRecipe, task: 'bench', model, maxTokens: 300, instructions: prefix };

/** One batch of documents, as JSON text. */
interface Workload {
  prefix: string;
  recipe: Recipe;
  asks: readonly string[];
}

const asIs = (params: (text: string) => object): string[] =>
  texts.map(text => JSON.stringify({ shape: 'as-is', params: { model, max_tokens: 300, ...params(text) } }));

const block = (text: string) => ({ type: 'text', text });

const workloads: readonly Workload[] = [
  {
    prefix: "a task's instructions",
    recipe: task,
    asks: texts.map(content => JSON.stringify({ shape: 'content', content })),
  },
  {
    prefix: '`system` of each document',
    recipe: asIsRecipe,
    asks: asIs(text => ({ system: [block(prefix)], messages: [{ role: 'user', content: text }] })),
  },
  {
    prefix: 'first block of its messages',
    recipe: asIsRecipe,
    asks: asIs(text => ({ messages: [{ role: 'user', content: [block(prefix), block(text)] }] })),
  },
];

export const measurePlannerCost = (): PlannerCostReport[] => workloads.map(measureWorkload);

function measureWorkload({ prefix, recipe, asks }: Workload): PlannerCostReport {
  const heads = new PromptHeads();
  const lessons = new CacheLessons();
  let at = Date.UTC(2026, 10, 29);
  const blocks: number[] = [];
  const plans: number[] = [];
  const anchors: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    at += 60_000;
    const items: PromptBlocks[] = [];
    let [blocksMs, anchorMs] = [0, 0];
    for (const [offset, text] of asks.entries()) {
      const startedMs = performance.now();
      const ask = JSON.parse(text) as Ask;
      const parsedMs = performance.now();
      items.push(promptBlocks(requestParams(ask, recipe, { partition: 0, offset, att: 0 }), heads));
      anchorMs += parsedMs - startedMs;
      blocksMs += performance.now() - parsedMs;
    }
    const startedMs = performance.now();
    planOne(`bk-${round}`, { items, at, lessons });
    blocks.push(blocksMs);
    plans.push(performance.now() - startedMs);
    anchors.push(anchorMs);
  }
  const lowestMs = Math.min(...blocks.map((blocksMs, round) => blocksMs + (plans[round] ?? Infinity)));
  return { prefix, blocksMs: median(blocks), planMs: median(plans), lowestMs, anchorMs: median(anchors) };
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

export function formatPlannerCost(reports: readonly PlannerCostReport[]): string {
  const heads = [
    'planner, 100 documents behind 20,000 tokens',
    'ms',
    'target',
    'blocks',
    'choosing',
    'least',
    'JSON.parse',
  ];
  const rows = reports.map(({ prefix, blocksMs, planMs, lowestMs, anchorMs }) => [
    `  ${prefix}`,
    (blocksMs + planMs).toFixed(2),
    '< 1',
    ...[blocksMs, planMs, lowestMs, anchorMs].map(ms => ms.toFixed(2)),
  ]);
  return formatTable(heads, rows);
}
