import type { Nanodollars } from './money.ts';
import { batchPriceShare, canonicalModel, type PriceRow, priceRows } from './prices.ts';

/** Tokens as billed; total input is the sum of all but `output`. */
export interface Usage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}

export const noUsage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

export const addUsage = (a: Usage, b: Usage): Usage => ({
  input: a.input + b.input,
  output: a.output + b.output,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite5m: a.cacheWrite5m + b.cacheWrite5m,
  cacheWrite1h: a.cacheWrite1h + b.cacheWrite1h,
});

export interface ItemCost {
  /** As a batch item. */
  billed: Nanodollars;
  /** What a single call would have cost with the same tokens. */
  individual: Nanodollars;
}

/**
 * The price of one answer: computed once, from the raw usage block, per item, rounded half up.
 * @param at when the batch was bought, ms since the epoch: prices have effective dates
 * @returns null when no row is known for the model: unknown, never zero
 */
export function costOf(model: string, usage: Usage, at: number): ItemCost | null {
  const prompt = promptTokens(usage);
  const price = priceOf(model, { promptTokens: prompt, at });
  if (!price) return null;
  const uncached = prompt * price.input + usage.output * price.output;
  return { billed: Math.round(listPrice(usage, price) * batchPriceShare), individual: Math.round(uncached) };
}

/** The price of one call outside batches, rounded half up; null when no row is known for the model. */
export function callCostOf(model: string, usage: Usage, at: number): Nanodollars | null {
  const price = priceOf(model, { promptTokens: promptTokens(usage), at });
  return price && Math.round(listPrice(usage, price));
}

const promptTokens = ({ input, cacheRead, cacheWrite5m, cacheWrite1h }: Usage): number =>
  input + cacheRead + cacheWrite5m + cacheWrite1h;

const listPrice = (usage: Usage, price: PriceRow): number =>
  usage.input * price.input +
  usage.output * price.output +
  usage.cacheRead * price.cacheRead +
  usage.cacheWrite5m * price.cacheWrite5m +
  usage.cacheWrite1h * price.cacheWrite1h;

/** The row in force for a model (dated snapshots such as `claude-haiku-5-5-20261001` go by their base name). */
export function priceOf(model: string, { promptTokens, at }: { promptTokens: number; at: number }): PriceRow | null {
  const rows = rowsByModel.get(model) ?? rowsByModel.get(canonicalModel(model)) ?? [];
  const applies = (row: DatedRow): boolean => row.sinceAt <= at && promptTokens <= (row.promptTokensMax ?? Infinity);
  return rows.findLast(applies) ?? null;
}

type DatedRow = PriceRow & { sinceAt: number };

const datedRows = priceRows.map((row): DatedRow => ({ ...row, sinceAt: Date.parse(row.since) }));
const rowsByModel = Map.groupBy(datedRows, row => row.model);
