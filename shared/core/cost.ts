import { addFields } from './add-fields.ts';
import type { Money } from './money.ts';
import { billedAt, canonicalModel, type PriceRow, priceRows } from './prices.ts';

/** Tokens as billed; total input is the sum of all but `output`. */
export interface Usage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}

export const noUsage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

export const addUsage = addFields<Usage>;

export interface ItemCost {
  /** As a batch item. */
  billed: Money;
  /** What a single call would have cost with the same tokens. */
  individual: Money;
}

/**
 * The price of one answer: computed once, from the raw usage block, per item, exactly.
 * @param at when the batch was bought, ms since the epoch: prices have effective dates
 * @param options.isUsOnly the request said `inference_geo: "us"`
 * @returns null when no row is known for the model: unknown, never zero
 */
export function costOf(
  model: string,
  usage: Usage,
  at: number,
  { isUsOnly = false }: { isUsOnly?: boolean } = {},
): ItemCost | null {
  const prompt = promptTokens(usage);
  const price = priceOf(model, { promptTokens: prompt, at });
  if (!price) return null;
  const uncached = prompt * price.input + usage.output * price.output;
  return {
    billed: billedAt(listPrice(usage, price), { isBatch: true, isUsOnly }),
    individual: billedAt(uncached, { isBatch: false, isUsOnly }),
  };
}

/** The price of one call outside batches; null when no row is known for the model. */
export function callCostOf(
  model: string,
  usage: Usage,
  at: number,
  { isUsOnly = false }: { isUsOnly?: boolean } = {},
): Money | null {
  const price = priceOf(model, { promptTokens: promptTokens(usage), at });
  return price && billedAt(listPrice(usage, price), { isBatch: false, isUsOnly });
}

/** All of the input, cache tokens included. */
export const promptTokens = ({ input, cacheRead, cacheWrite5m, cacheWrite1h }: Usage): number =>
  input + cacheRead + cacheWrite5m + cacheWrite1h;

/** As single calls. */
export const listPrice = (usage: Usage, price: PriceRow): Money =>
  usage.input * price.input +
  usage.output * price.output +
  usage.cacheRead * price.cacheRead +
  usage.cacheWrite5m * price.cacheWrite5m +
  usage.cacheWrite1h * price.cacheWrite1h;

/** The row in force for a model (dated snapshots such as `claude-haiku-5-5-20261001` go by their base name). */
export function priceOf(model: string, { promptTokens, at }: { promptTokens: number; at: number }): PriceRow | null {
  const rows = rowsOf(model);
  return rows.findLast(row => row.sinceAt <= at && promptTokens <= (row.promptTokensMax ?? Infinity)) ?? null;
}

export const isPriced = (model: string, moment: { promptTokens: number; at: number }): boolean =>
  priceOf(model, moment) !== null;

/**
 * The dearest of each column that may be billed for what is bought from `at` on: prices that are known to change apply to what
 * is executed after the change, and a batch may wait for its create and then for its turn.
 */
export function dearestPrice(
  model: string,
  { promptTokens, at }: { promptTokens: number; at: number },
): PriceRow | null {
  const first = priceOf(model, { promptTokens, at });
  if (first === null) return null;
  const isChange = ({ sinceAt }: DatedRow): boolean => sinceAt > at && sinceAt <= at + executedWithinMs;
  // Hardly ever one is near, and this is asked for each document.
  if (!rowsOf(model).some(isChange)) return first;
  const changes = rowsOf(model).filter(isChange);
  const rows = [first, ...changes.flatMap(({ sinceAt }) => priceOf(model, { promptTokens, at: sinceAt }) ?? [])];
  const most = (column: PriceColumn): number => Math.max(...rows.map(row => row[column]));
  return {
    ...first,
    input: most('input'),
    output: most('output'),
    cacheWrite5m: most('cacheWrite5m'),
    cacheWrite1h: most('cacheWrite1h'),
    cacheRead: most('cacheRead'),
  };
}

type PriceColumn = 'input' | 'output' | 'cacheWrite5m' | 'cacheWrite1h' | 'cacheRead';

/** Five days until its create, one until the provider gives up, one to spare. */
const executedWithinMs = 7 * 86_400_000;

type DatedRow = PriceRow & { sinceAt: number };

const datedRows = priceRows.map((row): DatedRow => ({ ...row, sinceAt: Date.parse(row.since) }));
const rowsByModel = Map.groupBy(datedRows, row => row.model);
const rowsOf = (model: string): readonly DatedRow[] =>
  rowsByModel.get(model) ?? rowsByModel.get(canonicalModel(model)) ?? [];
