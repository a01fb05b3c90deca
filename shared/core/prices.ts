import { fromNanodollars, type Money } from './money.ts';

/**
 * List prices of a token, for single calls. A batch is half of every column, cache prices included.
 * Source: the price page and two public price lists, read 2026-08 to 2026-11-10.
 */
export interface PriceRow {
  model: string;
  /** From this day on (UTC). */
  since: string;
  /** Applies to prompts of at most this many tokens, cache tokens included. */
  promptTokensMax?: number;
  input: Money;
  output: Money;
  cacheWrite5m: Money;
  cacheWrite1h: Money;
  cacheRead: Money;
}

export const batchPriceShare = 0.5;

/** In tenths, because 1.1 is none of the numbers that a double holds. */
const usOnlyTenths = 11;

/** What a request costs more when it says `inference_geo: "us"`: for estimates. */
export const usOnlyFactor = usOnlyTenths / 10;

export interface Terms {
  isBatch: boolean;
  /** The request said `inference_geo: "us"`. */
  isUsOnly: boolean;
}

/** What whole tokens at list price are billed at: exact, because every price is whole on all terms. */
export function billedAt(listPrice: Money, { isBatch, isUsOnly }: Terms): Money {
  const share = isBatch ? listPrice * batchPriceShare : listPrice;
  return isUsOnly ? (share * usOnlyTenths) / 10 : share;
}

/** @param published nanodollars a token */
const row = (model: string, published: readonly number[], promptTokensMax?: number): PriceRow => {
  const columns = published.map(fromNanodollars);
  const [input, output, cacheWrite5m, cacheWrite1h, cacheRead] = columns as [Money, Money, Money, Money, Money];
  const limit = promptTokensMax === undefined ? {} : { promptTokensMax };
  return { model, since: '2026-01-01', input, output, cacheWrite5m, cacheWrite1h, cacheRead, ...limit };
};

const opus = [5_000, 25_000, 6_250, 10_000, 500];
const sonnet = [3_000, 15_000, 3_750, 6_000, 300];

/** Of several rows that apply, the last one counts. */
export const priceRows: readonly PriceRow[] = [
  row('claude-opus-5-5', [4_000, 20_000, 5_000, 8_000, 200]),
  row('claude-sonnet-5-5', [2_000, 10_000, 2_500, 4_000, 200]),
  { ...row('claude-sonnet-5-5', [2_000, 10_000, 2_500, 4_000, 100]), since: '2026-10-07' },
  row('claude-haiku-5-5', [500, 2_500, 625, 1_000, 50]),
  row('claude-haiku-5-5', [100, 500, 125, 200, 10], 100_000),
  row('claude-fable-5-2', [8_000, 40_000, 10_000, 16_000, 200]),
  row('claude-fable-5-1', [10_000, 50_000, 12_500, 20_000, 250]),
  row('claude-fable-5', [10_000, 50_000, 12_500, 20_000, 1_000]),
  row('claude-opus-5', opus),
  row('claude-opus-4-8', opus),
  row('claude-opus-4-7', opus),
  row('claude-opus-4-6', opus),
  row('claude-opus-4-5', opus),
  row('claude-sonnet-5', [2_000, 10_000, 2_500, 4_000, 200]),
  row('claude-sonnet-4-6', sonnet),
  row('claude-sonnet-4-5', sonnet),
  row('claude-haiku-4-5', [1_000, 5_000, 1_250, 2_000, 100]),
];

/** Dated snapshots such as `claude-haiku-5-5-20261001` go by their base name. */
export const canonicalModel = (model: string): string => model.replace(/-\d{8}$/, '');
