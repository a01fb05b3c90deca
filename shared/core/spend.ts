import { addUsage, type ItemCost, noUsage, type Usage } from './cost.ts';
import { type TokenCounts, TokenTally } from './cost-report/token-buckets.ts';
import type { Nanodollars } from './money.ts';
import { batchPriceShare } from './prices.ts';

/**
 * What one batch bought, for reports: SETTLED carries it beside its sums, because nothing else in the log says for whom
 * and from which model. Task and instructions are those of the batch's recipe.
 */
export interface Spend {
  /** Journal time of the INTENT, ms since the epoch: the day that caps count it in. */
  at: number;
  rows: readonly SpendRow[];
}

/** Money in nanodollars; items without a price are in no sum. */
export interface SpendRow {
  tenant: string | null;
  /** As the answers name it. */
  model: string;
  /** Items that were executed: they have usage. */
  bought: number;
  /** Of them: answered with success. */
  delivered: number;
  /** Of them: in a try beyond the first that was charged. */
  retries: number;
  /** Of them: cut at the token limit. */
  truncated: number;
  /** Of them: at a price nobody knows. */
  unpriced: number;
  /** Sent, perhaps executed, and never read. */
  lost: number;
  usage: Usage;
  billed: Nanodollars;
  /** The same tokens in batches without cache. */
  uncached: Nanodollars;
  /** What was delivered, as single calls without cache. */
  individual: Nanodollars;
  /** Of `billed`: retries. */
  retried: Nanodollars;
  /** Of `billed`: bought and not delivered. */
  wasted: Nanodollars;
  /** Output tokens of what was delivered; absent when nothing was. */
  answers?: TokenCounts;
}

export interface SpentItem {
  tenant: string | null;
  model: string;
  /** Null for an item that was lost. */
  usage: Usage | null;
  cost: ItemCost | null;
  end: 'delivered' | 'truncated' | 'other';
  isRetry: boolean;
}

export const noSpend: Omit<SpendRow, 'tenant' | 'model'> = {
  bought: 0,
  delivered: 0,
  retries: 0,
  truncated: 0,
  unpriced: 0,
  lost: 0,
  usage: noUsage,
  billed: 0,
  uncached: 0,
  individual: 0,
  retried: 0,
  wasted: 0,
};

/** Adds items up by tenant and model, in the order in which these first come. */
export class SpendRows {
  readonly #rows = new Map<string, { sums: SpendRow; answers: TokenTally }>();

  add(item: SpentItem): void {
    const { tenant, model } = item;
    const key = JSON.stringify([tenant, model]);
    const row = this.#rows.get(key) ?? { sums: { tenant, model, ...noSpend }, answers: new TokenTally() };
    row.sums = addItem(row.sums, item);
    if (item.usage && item.end === 'delivered') row.answers.add(item.usage.output);
    this.#rows.set(key, row);
  }

  get rows(): SpendRow[] {
    return [...this.#rows.values()].map(({ sums, answers: { counts } }) =>
      counts.length === 0 ? sums : { ...sums, answers: counts },
    );
  }
}

function addItem(row: SpendRow, { usage, cost, end, isRetry }: SpentItem): SpendRow {
  if (!usage) return { ...row, lost: row.lost + 1 };
  const isDelivered = end === 'delivered';
  const { billed, individual } = cost ?? { billed: 0, individual: 0 };
  return {
    ...row,
    bought: row.bought + 1,
    delivered: row.delivered + (isDelivered ? 1 : 0),
    retries: row.retries + (isRetry ? 1 : 0),
    truncated: row.truncated + (end === 'truncated' ? 1 : 0),
    unpriced: row.unpriced + (cost ? 0 : 1),
    usage: addUsage(row.usage, usage),
    billed: row.billed + billed,
    // Rounded per item, as the bill is: what used no cache has no cache effect, to the nanodollar.
    uncached: row.uncached + Math.round(individual * batchPriceShare),
    individual: row.individual + (isDelivered ? individual : 0),
    retried: row.retried + (isRetry ? billed : 0),
    wasted: row.wasted + (isDelivered ? 0 : billed),
  };
}
