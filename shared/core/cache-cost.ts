import type { CacheTtl } from './cache-plan.ts';
import { batchPriceShare, type PriceRow } from './prices.ts';

/** What a token of a prefix costs one item of a batch, by what happens to it; nanodollars, at batch price. */
export interface TokenCosts {
  plain: number;
  read: number;
  write: number;
}

export const tokenCosts = (price: PriceRow, ttl: CacheTtl): TokenCosts => ({
  plain: price.input * batchPriceShare,
  read: price.cacheRead * batchPriceShare,
  write: writePrice(price, ttl) * batchPriceShare,
});

/** A prime is a single call: it pays the full price, and so little when the entry is still there that it is not asked. */
export const primeTokenCost = (price: PriceRow, ttl: CacheTtl): number => writePrice(price, ttl);

export const writePrice = (price: PriceRow, ttl: CacheTtl): number =>
  ttl === '1h' ? price.cacheWrite1h : price.cacheWrite5m;

/** The share of items that have to read for markers to cost what none cost. */
export function breakEvenHitRate(price: PriceRow, ttl: CacheTtl): number {
  const { plain, read, write } = tokenCosts(price, ttl);
  return (write - plain) / (write - read);
}

/** What a token of the prefix costs `items` items of which a share reads and the rest writes. */
export function markedTokenCost(
  price: PriceRow,
  ttl: CacheTtl,
  { items, hitRate }: { items: number; hitRate: number },
): number {
  const { read, write } = tokenCosts(price, ttl);
  return items * (hitRate * read + (1 - hitRate) * write);
}
