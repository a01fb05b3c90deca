import { seededRandom } from '#test/support/seeded-random.ts';
import { clairvoyant, omniscient, sumFrom } from './cache-clairvoyant.ts';
import { plannedStrategy } from './cache-planned.ts';
import { noMarkers, runWorkload } from './cache-run.ts';
import { type Arrivals, arrivalTimes, type CacheWorkload } from './cache-workload.ts';
import { formatTable } from './format-table.ts';

/** Batches in which everybody learns: they do not count. */
export const learningBatches = 20;

export interface SavingsGroup {
  name: string;
  workloads: number;
  /** Saved of what is paid without markers: by the planner, by the best strategy in hindsight. */
  planned: number;
  best: number;
  /** Of the money that the best strategy saves; every workload counts as much as its invoice. */
  shareByInvoice: number;
  /** The same, every workload counting alike. */
  shareOfEach: number;
}

export interface SavingsReport {
  groups: SavingsGroup[];
  /** Smaller workloads, against whoever knows of each item beforehand whether it will miss. */
  omniscient: { batchItems: number; share: number }[];
}

export interface SavingsOptions {
  seed: number;
  /** Of each size of batch, kind of arrivals and hit share. */
  workloadsEach: number;
  sizes: readonly number[];
  withOmniscient: boolean;
  onWorkload?: (line: string) => void;
}

const arrivals: readonly Arrivals[] = ['steady', 'bursty', 'sparse'];
const hitShares = [0.3, 0.5, 0.7, 0.98];
const models = ['claude-haiku-4-5', 'claude-sonnet-4-6', 'claude-opus-5-5'];

/** What the planner saves of what could have been saved, on workloads whose batches share a prefix. */
export function measureSavings(options: SavingsOptions): SavingsReport {
  const groups = new Map<string, Sums>();
  for (const workload of sharedWorkloads(options)) {
    const without = sumFrom(runWorkload(workload, noMarkers), learningBatches);
    const planned = sumFrom(runWorkload(workload, plannedStrategy(workload)), learningBatches);
    // Nobody has to set markers.
    const best = Math.min(without, sumFrom(clairvoyant(workload, learningBatches).costs, learningBatches));
    for (const name of groupsOf(workload)) addTo(groups, name, { without, planned, best });
    options.onWorkload?.(workload.name);
  }
  const small = options.withOmniscient ? [5, 20, 100].filter(size => options.sizes.includes(size)) : [];
  return {
    groups: [...groups].map(([name, sums]) => groupOf(name, sums)),
    omniscient: small.map(batchItems => ({ batchItems, share: shareOfOmniscient(batchItems, options.seed) })),
  };
}

function* sharedWorkloads({ seed, sizes, workloadsEach }: SavingsOptions): Generator<CacheWorkload> {
  let count = 0;
  for (const batchItems of sizes) {
    for (const kind of arrivals) {
      for (const hitShare of hitShares) {
        for (let each = 0; each < workloadsEach; each += 1) {
          count += 1;
          yield sharedWorkload({ seed: seed * 100_000 + count, batchItems, arrivals: kind, hitShare });
        }
      }
    }
  }
}

function sharedWorkload(given: Pick<CacheWorkload, 'seed' | 'batchItems' | 'arrivals' | 'hitShare'>): CacheWorkload {
  const draw = seededRandom(given.seed);
  const batches = given.batchItems >= 1_000 ? 60 : 100;
  const prefixTokens = Math.round(1_024 * 49 ** draw());
  // Where a prefix is shorter than the model's minimum nobody can save anything.
  const fitting = models.slice(prefixTokens < 4_096 ? 1 : 0);
  return {
    ...given,
    name: `${given.batchItems} ${given.arrivals} ${given.hitShare}`,
    model: fitting[Math.floor(draw() * fitting.length)] ?? '',
    prefixTokens,
    documentTokens: Math.round(100 * 20 ** draw()),
    outputTokens: Math.round(50 * 10 ** draw()),
    sealedAt: arrivalTimes(given.arrivals, batches, given.seed),
    prefixes: 'shared',
    latency: draw() < 0.5 ? 'provider-like' : { minMs: 30_000, maxMs: 900_000 },
  };
}

const groupsOf = ({ batchItems, arrivals: kind, hitShare }: CacheWorkload): string[] => [
  'all',
  `batches of ${batchItems.toLocaleString('en-US')}`,
  `arrivals ${kind}`,
  `hits ${Math.round(hitShare * 100)} %`,
];

interface Costs {
  without: number;
  planned: number;
  best: number;
}

interface Sums {
  workloads: number;
  money: Costs;
  /** Each workload's as shares of what it costs without markers. */
  shares: Costs;
}

const nothing: Costs = { without: 0, planned: 0, best: 0 };

function addTo(groups: Map<string, Sums>, name: string, costs: Costs): void {
  const sums = groups.get(name) ?? { workloads: 0, money: nothing, shares: nothing };
  groups.set(name, {
    workloads: sums.workloads + 1,
    money: add(sums.money, costs, 1),
    shares: add(sums.shares, costs, 1 / costs.without),
  });
}

const add = (a: Costs, b: Costs, scale: number): Costs => ({
  without: a.without + b.without * scale,
  planned: a.planned + b.planned * scale,
  best: a.best + b.best * scale,
});

const shareOf = ({ without, planned, best }: Costs): number => (without - planned) / (without - best);

const groupOf = (name: string, { workloads, money, shares }: Sums): SavingsGroup => ({
  name,
  workloads,
  planned: 1 - money.planned / money.without,
  best: 1 - money.best / money.without,
  shareByInvoice: shareOf(money),
  shareOfEach: shareOf(shares),
});

function shareOfOmniscient(batchItems: number, seed: number): number {
  let sums = nothing;
  for (const kind of arrivals) {
    for (const hitShare of [0.4, 0.9]) {
      const whole = sharedWorkload({ seed: seed + batchItems, batchItems, arrivals: kind, hitShare });
      const workload = { ...whole, sealedAt: whole.sealedAt.slice(0, 50) };
      const costOf = (costs: Float64Array): number => sumFrom(costs, learningBatches);
      const without = costOf(runWorkload(workload, noMarkers));
      const planned = costOf(runWorkload(workload, plannedStrategy(workload)));
      sums = add(sums, { without, planned, best: costOf(omniscient(workload, learningBatches).costs) }, 1 / without);
    }
  }
  return shareOf(sums);
}

export function formatSavings({ groups, omniscient: bounds }: SavingsReport): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const rows = groups.map(({ name, workloads, planned, best, shareByInvoice, shareOfEach }) => [
    name,
    String(workloads),
    ...[planned, best, shareByInvoice, shareOfEach].map(percent),
  ]);
  const heads = ['saved after 20 batches', 'workloads', 'planner', 'clairvoyant', 'share by invoice', 'share of each'];
  return [
    formatTable(heads, rows),
    ...bounds.map(
      ({ batchItems, share }) =>
        `batches of ${batchItems}: ${percent(share)} of what would be saved if it were known of each item beforehand whether it misses`,
    ),
  ].join('\n');
}
