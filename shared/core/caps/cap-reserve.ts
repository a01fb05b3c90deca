import type { BatchRequests } from '../batch-requests.ts';
import { type Amounts, capPeriods } from '../journal.ts';
import { type Batch, capKey, itemsToSend, type View } from '../view.ts';
import { accountMoney, fleetMoney, runMoney, taskMoney, tenantMoney } from './cap-scopes.ts';
import { type MarkerTtl, planTtl, type WorstCost } from './cap-worst-case.ts';

/** What one batch would buy, and for whom. */
export interface Purchase {
  account: string;
  items: number;
  /** Tenants share no batch, and a batch has one task; null where there is none. */
  tenant: string | null;
  task: string | null;
  /** By run (`''`: no run); null when a price is unknown. */
  costMaxByRun: Readonly<Record<string, WorstCost | null>>;
  /** The dearest marker that its cache plan sets. */
  ttl: MarkerTtl;
}

export interface Reserve {
  amounts: Amounts;
  /** Money scopes in which something has no price: `amounts` has nothing for it, so no cap may be in force there. */
  unpriced: readonly string[];
}

/** What INTENT reserves: the worst case in every scope that the batch counts in. */
export function reserveOf({ account, items, tenant, task, costMaxByRun, ttl }: Purchase): Reserve {
  const amounts: Record<string, number> = { [`account:${account}:items`]: items, [`account:${account}:batches`]: 1 };
  const unpriced: string[] = [];
  const add = (scope: string, costs: readonly (WorstCost | null)[]): void => {
    amounts[scope] = costs.reduce((sum, cost) => sum + (cost?.[ttl] ?? 0), 0);
    if (costs.includes(null)) unpriced.push(scope);
  };
  const all = Object.values(costMaxByRun);
  add(accountMoney(account), all);
  add(fleetMoney, all);
  if (tenant !== null) add(tenantMoney(tenant), all);
  if (task !== null) add(taskMoney(task), all);
  for (const [run, cost] of Object.entries(costMaxByRun)) if (run !== '') add(runMoney(run), [cost]);
  return { amounts, unpriced };
}

/** The same of a sealed batch: by what it sends, and by the markers that it is sealed with. */
export const reserveOfBatch = (
  batch: Batch,
  {
    task,
    requests: { tenant, costMaxByRun },
  }: { task: string | null; requests: Pick<BatchRequests, 'tenant' | 'costMaxByRun'> },
): Reserve =>
  reserveOf({
    account: batch.account,
    items: itemsToSend(batch).length,
    tenant,
    task,
    costMaxByRun,
    ttl: planTtl(batch.plan),
  });

/** The first scope where a cap is in force and a price is unknown: what it would spend nobody knows, so it waits. */
export const unpricedUnderCap = ({ caps }: Pick<View, 'caps'>, { unpriced }: Reserve): string | null =>
  unpriced.find(scope => capPeriods.some(period => caps.has(capKey(scope, period)))) ?? null;
