import { isMoneyScope } from '../caps/cap-scopes.ts';
import { addUsage, noUsage } from '../cost.ts';
import type { Amounts } from '../journal.ts';
import type { SettledRecord } from '../settled.ts';
import type { Batch } from '../view.ts';
import { type Ended, isUnpriced } from './ended.ts';

interface RunSpend {
  cost: number;
  individual: number;
  /** Items that were sent, and those of them that may have been bought at a price nobody knows. */
  sent: number;
  unpriced: number;
}

export interface BatchSums {
  add(run: string | null, ended: Ended, item: { wasSent: boolean; isReused: boolean }): void;
  total(): Pick<SettledRecord, 'usage' | 'cost' | 'individualCost' | 'runs' | 'actual'>;
}

/** Adds up what a batch cost: for its books, and by each scope of its reserve. */
export function createBatchSums(batch: Batch): BatchSums {
  let usage = noUsage;
  let cost: number | null = 0;
  let individualCost: number | null = 0;
  const byRun = new Map<string, RunSpend>(); // a run may have the name of a property of every object
  return {
    add(run, ended, { wasSent, isReused }) {
      if (!wasSent && !(isReused && ended.cause === null)) return;
      const before = byRun.get(run ?? '') ?? { cost: 0, individual: 0, sent: 0, unpriced: 0 };
      // What was bought and is not delivered would not have been bought one by one either: it saves nothing.
      const individual = ended.cause === null ? (ended.cost?.individual ?? 0) : 0;
      byRun.set(run ?? '', {
        cost: before.cost + (ended.cost?.billed ?? 0),
        individual: before.individual + individual,
        sent: before.sent + 1,
        unpriced: before.unpriced + (isUnpriced(ended) ? 1 : 0),
      });
      if (!ended.usage && !isReused) return;
      usage = addUsage(usage, ended.usage ?? noUsage);
      cost = isReused ? cost : ended.cost && cost !== null ? cost + ended.cost.billed : null;
      individualCost = ended.cost && individualCost !== null ? individualCost + ended.cost.individual : null;
    },
    total: () => ({ usage, cost, individualCost, runs: runsOf(byRun), actual: actualOf(batch, byRun) }),
  };
}

const runsOf = (byRun: ReadonlyMap<string, RunSpend>): SettledRecord['runs'] =>
  Object.fromEntries(
    // What was bought at a price nobody knows is in no sum, and its run must be able to say so.
    [...byRun].flatMap(([run, { cost, individual, unpriced }]) =>
      cost > 0 || individual > 0 || unpriced > 0 ? [[run, { cost, individual }]] : [],
    ),
  );

/**
 * Money scopes keep what was spent, and for each item without a price its share of the reserve; scopes that count what is
 * queued or open are free again.
 */
function actualOf(batch: Batch, byRun: ReadonlyMap<string, RunSpend>): Amounts {
  if (batch.state.is !== 'created') return {};
  const actual: Record<string, number> = {};
  for (const [scope, reserve] of Object.entries(batch.state.intent.reserve)) {
    if (!isMoneyScope(scope)) continue;
    const run = scope.startsWith('run:') ? scope.slice('run:'.length, -':money'.length) : null;
    const spends = run === null ? [...byRun.values()] : [byRun.get(run)].filter(spend => spend !== undefined);
    const sum = (of: keyof RunSpend): number => spends.reduce((total, spend) => total + spend[of], 0);
    const unpriced = Math.ceil((reserve * sum('unpriced')) / Math.max(1, sum('sent')));
    actual[scope] = sum('cost') + Math.min(reserve, unpriced);
  }
  return actual;
}
