import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { type CachePlan, marksSent } from '#core/prompt-cache/cache-plan.ts';
import { markRequest } from '#core/prompt-cache/mark-request.ts';
import { planCache } from '#core/prompt-cache/plan-cache.ts';
import { primeRequest } from '#core/prompt-cache/prime-request.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { findModel } from '#services/simulator/machine/models.ts';
import { priceUsage } from '#services/simulator/machine/price-usage.ts';
import { SimulatorMachine } from '#services/simulator/machine/simulator-machine.ts';
import { createMemoryStore } from '#services/simulator/store/memory-store.ts';

/** What the prefix of a first batch costs, by the invoice of the whole simulator. */
export interface PrimedReport {
  batchItems: number;
  prefixTokens: number;
  /** What the planner chose, such as `5m, primed`. */
  plan: string;
  seeds: number;
  /** Share by which it is below the cost without markers: over all seeds, and of the dearest. */
  below: number;
  belowWorst: number;
}

const model = 'claude-haiku-4-5';
const version = '2026-10-21';
const workspace = 'bench';
const startAt = Date.UTC(2026, 10, 29);
/** A prime's reply is waited for before the create. */
const primeMs = 2_000;

/** Plans, primes and buys one batch of requests as the services do, and once more without markers. */
export function measurePrimed({ seed, seeds }: { seed: number; seeds: number }): PrimedReport {
  const [batchItems, prefixTokens] = [100, 20_000];
  const bodies = requestsOf(batchItems, prefixTokens);
  const plan = firstPlan(bodies);
  const plain = batchItems * uncachedCost(prefixTokens);
  // What a prefix costs is what it costs without markers, less what the invoice is lower with them.
  const bills = Array.from({ length: seeds }, (_, index) => {
    return plain - (invoiceOf(bodies, null, seed + index) - invoiceOf(bodies, plan, seed + index));
  });
  return {
    batchItems,
    prefixTokens,
    plan: plan?.marks.map(({ ttl, prime }) => `${ttl}${prime ? ', primed' : ''}`).join('; ') ?? 'no markers',
    seeds,
    below: 1 - bills.reduce((sum, bill) => sum + bill, 0) / (plain * seeds),
    belowWorst: 1 - Math.max(...bills) / plain,
  };
}

function uncachedCost(input: number): number {
  const found = findModel(model);
  if (!found) throw new Error(`the simulator does not know ${model}`);
  const usage = { input, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
  return priceUsage({ model: found, usage, isBatch: true, isUsOnly: false });
}

function requestsOf(count: number, prefixTokens: number): string[] {
  const system = [{ type: 'text', text: 'Say it. '.repeat(prefixTokens / 2) }];
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      model,
      max_tokens: 300,
      system,
      messages: [{ role: 'user', content: `document ${index}: ${'word '.repeat(400)}` }],
    }),
  );
}

function firstPlan(bodies: readonly string[]): CachePlan | null {
  const items = bodies.map(body => promptBlocks(body));
  const lessons = new CacheLessons();
  return planCache({ bk: 'first', model, at: startAt, items, lessons, holdoutShare: 0, mode: 'on' }).plan;
}

/** Picodollars of everything that was billed. */
function invoiceOf(bodies: readonly string[], plan: CachePlan | null, seed: number): number {
  const machine = new SimulatorMachine({ store: createMemoryStore(), seed });
  let now = startAt;
  for (const mark of marksSent(plan)) {
    const prime = mark.prime ? primeRequest(bodies[0] ?? '', mark) : null;
    if (prime === null) continue;
    machine.createMessage({ workspace, now, version, params: JSON.parse(prime) });
    now += primeMs;
  }
  const items = bodies.map((body, index) => ({ customId: `item-${index}`, params: markRequest(body, plan) }));
  machine.createBatch({ workspace, now, version, items });
  for (let next = machine.nextEventAt(); next !== null; next = machine.nextEventAt()) machine.advance(next);
  const { totals } = machine.invoicePage({ now, limit: 0 });
  machine.close();
  return totals.costPicoDollars;
}

export function formatPrimed({ batchItems, prefixTokens, plan, seeds, below, belowWorst }: PrimedReport): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return [
    `first batch of ${batchItems}, prefix of ${prefixTokens.toLocaleString('en-US')} tokens (${plan}):`,
    `prefix bill ${percent(below)} below the uncached one over ${seeds} seeds, ${percent(belowWorst)} at worst (target >= 86 %)`,
  ].join(' ');
}
