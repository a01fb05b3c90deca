import { addFields } from '../add-fields.ts';
import { promptTokens, type Usage } from '../cost.ts';
import type { Money } from '../money.ts';
import type { PriceRow } from '../prices.ts';

/**
 * What the prompt cache takes off a bill, learned from bills. It is kept in tokens for each answer and not as a share of the
 * input: a prefix that is read saves the same whatever stands behind it.
 */

/** Who sets a request's cache markers. */
export type MarkedBy = 'producer' | 'planner' | 'nobody';

/**
 * Under which name a request's cache effect is learned. Answers of one recipe share its prompt, whatever their length; of
 * requests as they are nobody knows what they share, so those are taken to be alike that are about as long.
 * @param request.key as `answerKey` names it
 * @param request.length as `lengthClass` has it
 */
export const cacheKey = (
  by: MarkedBy,
  { key, length, isAsIs }: { key: string; length: number; isAsIs: boolean },
): string => (isAsIs ? `${by}|${key}|${length}` : `${by}|${key}`);

/** What the bill of one answer, or of several, says of the cache. */
export interface CacheBill {
  answers: number;
  /** Of the whole prompts, and of them: read from the cache. */
  inputTokens: number;
  readTokens: number;
  /** So many tokens of input, at the price without cache, were not paid; below zero, writes cost more than reads saved. */
  savedTokens: number;
  /** Their part of the calls that wrote entries ahead. */
  primes: Money;
}

export const noCacheBill: CacheBill = { answers: 0, inputTokens: 0, readTokens: 0, savedTokens: 0, primes: 0 };

export const addCacheBills = addFields<CacheBill>;

/** The bill of one answer. @param primes its part of them */
export function cacheBill(usage: Usage, price: PriceRow, primes: Money): CacheBill {
  const { input, cacheRead, cacheWrite5m, cacheWrite1h } = usage;
  const inputTokens = promptTokens(usage);
  const cached = cacheRead * price.cacheRead + cacheWrite5m * price.cacheWrite5m + cacheWrite1h * price.cacheWrite1h;
  return {
    answers: 1,
    inputTokens,
    readTokens: cacheRead,
    savedTokens: inputTokens - input - cached / price.input,
    primes,
  };
}

/** The bill of one batch, as far as its answers are known. */
export interface BatchBill extends CacheBill {
  /** Of its run: its items may have found nothing to read, and what was written for them is read by those that follow. */
  isFirst: boolean;
}

/** By batch: the items of one mostly read together, or miss together. */
export type CacheSums = ReadonlyMap<string, BatchBill>;

export const sumOfBills = (bills: Iterable<CacheBill>): CacheBill => [...bills].reduce(addCacheBills, noCacheBill);

/** Fewer say too little to change what is expected. */
export const cacheAnswersMin = 20;

export const isCacheKnown = (sums: CacheSums): boolean => sumOfBills(sums.values()).answers >= cacheAnswersMin;
