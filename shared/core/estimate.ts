import { priceOf } from './cost.ts';
import type { Nanodollars } from './money.ts';
import { batchPriceShare, type PriceRow } from './prices.ts';

/**
 * Tokens of a request before it is bought, from the length of its JSON. English text has about four bytes a token, dense
 * JSON three, other scripts two; a short answer is usual. The provider's own count replaces this once it is known.
 */
export const bytesPerToken = { low: 6, expected: 4, high: 2 } as const;

export interface RequestEstimate {
  model: string;
  inputBytes: number;
  maxTokens: number;
}

export interface CostRange {
  low: Nanodollars;
  expected: Nanodollars;
  high: Nanodollars;
}

/** Shares of `max_tokens` that answers use: none at all, a quarter, all of it. */
const outputShare = { low: 0, expected: 0.25, high: 1 } as const;

/** The worst case of a batch item, as INTENT reserves it; null when the model's price is unknown. */
export function highestCost(request: RequestEstimate, at: number): Nanodollars | null {
  return costAt('high', request, at);
}

/** What a batch item may cost, or null when the model's price is unknown. */
export function estimateCost(request: RequestEstimate, at: number): CostRange | null {
  const [low, expected, high] = [
    costAt('low', request, at),
    costAt('expected', request, at),
    costAt('high', request, at),
  ];
  return low === null || expected === null || high === null ? null : { low, expected, high };
}

function costAt(
  level: keyof CostRange,
  { model, inputBytes, maxTokens }: RequestEstimate,
  at: number,
): Nanodollars | null {
  const price = priceOf(model, { promptTokens: Math.ceil(inputBytes / bytesPerToken[level]), at });
  return price && costAtPrice(level, { inputBytes, maxTokens }, price);
}

/** @param price the row that is in force for a prompt of so many tokens */
export function costAtPrice(
  level: keyof CostRange,
  { inputBytes, maxTokens }: Pick<RequestEstimate, 'inputBytes' | 'maxTokens'>,
  price: PriceRow,
): Nanodollars {
  const tokens = Math.ceil(inputBytes / bytesPerToken[level]);
  const single = tokens * price.input + Math.ceil(maxTokens * outputShare[level]) * price.output;
  return Math.ceil(single * batchPriceShare);
}
