import { addWorst, type WorstCost } from './caps/cap-worst-case.ts';
import type { Rid } from './rid.ts';

/** An item of a batch with its request. */
export interface BuiltItem extends Rid {
  att: number;
  run: string | null;
  tenant: string | null;
  deadlineAt: number;
  /** JSON text of the request. */
  body: string;
  /** Null when the price is unknown. */
  costMax: WorstCost | null;
}

/** What one create sends, and what it may cost. */
export interface BatchRequests {
  /** Earliest time after which an item of it must not be created, ms since the epoch. */
  deadlineAt: number;
  /** Of all its items: tenants share no batch. */
  tenant: string | null;
  /** At worst, by run (`''`: no run); null when a price is unknown. */
  costMaxByRun: Readonly<Record<string, WorstCost | null>>;
  bodies: readonly string[];
}

export function batchRequests(items: readonly BuiltItem[]): BatchRequests {
  const costMaxByRun = new Map<string, WorstCost | null>(); // a run may have the name of a property of every object
  let deadlineAt = Number.MAX_SAFE_INTEGER;
  for (const { run, costMax, deadlineAt: until } of items) {
    const before = costMaxByRun.get(run ?? '');
    costMaxByRun.set(run ?? '', costMax && before ? addWorst(before, costMax) : before === null ? null : costMax);
    deadlineAt = Math.min(deadlineAt, until);
  }
  const tenant = items[0]?.tenant ?? null;
  const bodies = items.map(item => item.body);
  return { deadlineAt, tenant, costMaxByRun: Object.fromEntries(costMaxByRun), bodies };
}
