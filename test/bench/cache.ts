import { formatNeverDearer, measureNeverDearer, type NeverDearerReport } from './cache-never-dearer.ts';
import { formatPlannerCost, measurePlannerCost, type PlannerCostReport } from './cache-planner-cost.ts';
import { formatPrimed, measurePrimed, type PrimedReport } from './cache-primed.ts';
import { formatSavings, measureSavings, type SavingsReport } from './cache-savings.ts';

/** The planner of cache markers, judged by the simulator's prices and draws, on virtual time. */
export interface CacheReport {
  seed: number;
  savings: SavingsReport;
  neverDearer: NeverDearerReport;
  primed: PrimedReport;
  plannerCost: PlannerCostReport[];
}

export interface CacheBenchOptions {
  seed: number;
  /** Workloads that share a prefix, of each size, kind of arrivals and hit share. */
  workloadsEach: number;
  /** Random ones. */
  workloads: number;
  onProgress: (line: string) => void;
}

export function measureCache({ seed, workloadsEach, workloads, onProgress }: CacheBenchOptions): CacheReport {
  const plannerCost = measurePlannerCost();
  const primed = measurePrimed({ seed, seeds: 10 });
  onProgress('never dearer: random workloads');
  const neverDearer = measureNeverDearer({ seed, workloads, batches: { min: 50, max: 400 } });
  onProgress('savings against the clairvoyant');
  const sizes = [5, 20, 100, 1_000];
  const savings = measureSavings({ seed, workloadsEach, sizes, withOmniscient: true, onWorkload: onProgress });
  return { seed, savings, neverDearer, primed, plannerCost };
}

export const formatCache = ({ seed, savings, neverDearer, primed, plannerCost }: CacheReport): string =>
  [
    `seed ${seed}`,
    formatSavings(savings),
    'target: >= 95 % of the clairvoyant by invoice',
    '',
    formatNeverDearer(neverDearer),
    'target: total <= +0.1 %, worst single <= +1 %, after 200 batches <= 0',
    '',
    formatPrimed(primed),
    formatPlannerCost(plannerCost),
  ].join('\n');
