import { addUsage, type ItemCost, noUsage, type Usage } from './cost.ts';
import { type TokenCounts, TokenTally } from './cost-report/token-buckets.ts';
import type { Money } from './money.ts';
import { batchPriceShare } from './prices.ts';

/**
 * What one batch bought or gave again, for reports: SETTLED carries it beside its sums, because nothing else in the log says for whom
 * and from which model. Task and instructions are those of the batch's recipe.
 */
export interface Spend {
  /** Journal time of the INTENT, ms since the epoch: the day that caps count it in. Of what was not sent: of the SEALED. */
  at: number;
  rows: readonly SpendRow[];
}

/** Items without a price are in no sum of money. */
export interface SpendRow {
  tenant: string | null;
  /** As the answers name it. */
  model: string;
  /** Asked with `inference_geo: "us"`, at a higher price; absent in records of earlier programs. */
  isUsOnly?: true;
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
  billed: Money;
  /** The same tokens in batches without cache. */
  uncached: Money;
  /** What was delivered, as single calls without cache. */
  individual: Money;
  /** Of `billed`: retries. */
  retried: Money;
  /** Of `billed`: bought and not delivered. */
  wasted: Money;
  /** Output tokens of what was delivered; absent when nothing was. */
  answers?: TokenCounts;
  /** Kind `reuse`: what was given again instead; absent when nothing was. */
  reused?: Reused;
}

/** Answers given again (kind `reuse`), and what buying them would have cost. Those without a price are in no sum. */
export interface Reused {
  answers: number;
  /** Of them: at a price nobody knows. */
  unpriced: number;
  /** As items of a batch: what each came to when it was bought. */
  batch: Money;
  /** As single calls without cache. */
  individual: Money;
}

export const noReused: Reused = { answers: 0, unpriced: 0, batch: 0, individual: 0 };

export interface SpentItem {
  tenant: string | null;
  model: string;
  isUsOnly?: boolean;
  /** Null for an item that was lost. */
  usage: Usage | null;
  cost: ItemCost | null;
  end: 'delivered' | 'truncated' | 'other';
  isRetry: boolean;
}

/** An answer that was given again. */
export interface ReusedItem {
  tenant: string | null;
  model: string;
  /** Of its purchase; null when nobody knows the price. */
  cost: ItemCost | null;
}

export const noSpend: Omit<SpendRow, 'tenant' | 'model' | 'isUsOnly' | 'answers' | 'reused'> = {
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

interface Summed {
  sums: SpendRow;
  answers: TokenTally;
}

/** Adds items up by tenant and model, in the order in which these first come. */
export class SpendRows {
  readonly #rows = new Map<string, Summed>();
  /** Where the item before was added: mostly the next one belongs there too. */
  #last: Summed | null = null;

  add(item: SpentItem): void {
    const row = this.#rowOf(item);
    addItem(row.sums, item);
    if (item.usage && item.end === 'delivered') row.answers.add(item.usage.output);
  }

  addReused({ tenant, model, cost }: ReusedItem): void {
    const { sums } = this.#rowOf({ tenant, model });
    const { answers, unpriced, batch, individual } = sums.reused ?? noReused;
    sums.reused = {
      answers: answers + 1,
      unpriced: unpriced + (cost ? 0 : 1),
      batch: batch + (cost?.billed ?? 0),
      individual: individual + (cost?.individual ?? 0),
    };
  }

  get rows(): SpendRow[] {
    return [...this.#rows.values()].map(({ sums, answers: { counts } }) =>
      counts.length === 0 ? { ...sums } : { ...sums, answers: counts },
    );
  }

  #rowOf({ tenant, model, isUsOnly = false }: Pick<SpentItem, 'tenant' | 'model' | 'isUsOnly'>): Summed {
    const last = this.#last?.sums;
    const isOfLast = last?.tenant === tenant && last.model === model && (last.isUsOnly ?? false) === isUsOnly;
    if (this.#last && isOfLast) return this.#last;
    const key = JSON.stringify([tenant, model, isUsOnly]);
    const names = { tenant, model, ...(isUsOnly ? { isUsOnly } : {}) };
    const row = this.#rows.get(key) ?? { sums: { ...names, ...noSpend }, answers: new TokenTally() };
    this.#rows.set(key, row);
    this.#last = row;
    return row;
  }
}

/** In place: a settle adds some hundred items to one row. */
function addItem(row: SpendRow, { usage, cost, end, isRetry }: SpentItem): void {
  if (!usage) {
    row.lost += 1;
    return;
  }
  const isDelivered = end === 'delivered';
  const { billed, individual } = cost ?? { billed: 0, individual: 0 };
  row.bought += 1;
  if (isDelivered) row.delivered += 1;
  if (isRetry) row.retries += 1;
  if (end === 'truncated') row.truncated += 1;
  if (!cost) row.unpriced += 1;
  row.usage = addUsage(row.usage, usage);
  row.billed += billed;
  row.uncached += individual * batchPriceShare;
  if (isDelivered) row.individual += individual;
  if (isRetry) row.retried += billed;
  if (!isDelivered) row.wasted += billed;
}
