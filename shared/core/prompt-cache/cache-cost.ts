import { batchPriceShare, type PriceRow } from '../prices.ts';
import type { CacheTtl } from './cache-plan.ts';

/**
 * Prices of one token of a prefix in one item of a batch. All that the planner weighs is a sum of these,
 * so what pays follows from the price rows alone.
 */
export interface TokenPrices {
  plain: number;
  read: number;
  write: number;
  /** A prime is a single call: it pays the full price. */
  prime: number;
}

export function tokenPrices(price: PriceRow, ttl: CacheTtl): TokenPrices {
  const write = ttl === '1h' ? price.cacheWrite1h : price.cacheWrite5m;
  return {
    plain: price.input * batchPriceShare,
    read: price.cacheRead * batchPriceShare,
    write: write * batchPriceShare,
    prime: write,
  };
}

/** The share of items that have to read for markers to cost what none cost. */
export const breakEvenHitRate = ({ plain, read, write }: Omit<TokenPrices, 'prime'>): number =>
  (write - plain) / (write - read);

/** What a token of the prefix costs `items` items of which a share reads and the rest writes. */
export const markedCost = ({ read, write }: TokenPrices, items: number, hitRate: number): number =>
  items * (hitRate * read + (1 - hitRate) * write);
