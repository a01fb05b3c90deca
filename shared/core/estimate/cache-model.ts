import { addFields } from '../add-fields.ts';
import { promptTokens, type Usage } from '../cost.ts';
import type { Nanodollars } from '../money.ts';
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
  /** Nanodollars: their part of the calls that wrote entries ahead. */
  primes: Nanodollars;
}

export const noCacheBill: CacheBill = { answers: 0, inputTokens: 0, readTokens: 0, savedTokens: 0, primes: 0 };

export const addCacheBills = addFields<CacheBill>;

/** The bill of one answer. @param primes its part of them, in nanodollars */
export function cacheBill(usage: Usage, price: PriceRow, primes: Nanodollars): CacheBill {
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

/** By batch: the items of one mostly read together, or miss together. */
export type CacheSums = ReadonlyMap<string, CacheBill>;

export const sumOfBills = (sums: CacheSums): CacheBill => [...sums.values()].reduce(addCacheBills, noCacheBill);

/** Fewer say too little to change what is expected. */
const answersMin = 20;

export const isCacheKnown = (sums: CacheSums): boolean => sumOfBills(sums).answers >= answersMin;

/**
 * How far off what a batch saves may be, as one standard deviation and a share of it: hit rates from 30 to 98 % are documented. It
 * weighs as one batch does.
 */
const batchShare = 0.25;

export interface CacheEstimate {
  /** Of all documents together. */
  savedTokens: number;
  primes: Nanodollars;
  /** In tokens: variance of what is each batch's own, and standard deviation of what is common to all of them. */
  variance: number;
  doubt: number;
}

const noEffect: CacheEstimate = { savedTokens: 0, primes: 0, variance: 0, doubt: 0 };

/**
 * What the cache will take off so many requests that are marked as those were whose answers are known; nothing, as long as
 * these are few.
 * @param holdBack share of batches, 0 to 1, that will go without markers
 */
export function estimateCache(
  sums: CacheSums,
  { documents, holdBack }: { documents: number; holdBack: number },
): CacheEstimate {
  if (!isCacheKnown(sums)) return noEffect;
  const all = sumOfBills(sums);
  const marked = 1 - holdBack;
  const each = all.savedTokens / all.answers;
  const batchItems = all.answers / sums.size;
  const early = (batchShare * each * batchItems) ** 2;
  const squares = [...sums.values()].reduce(
    (sum, { savedTokens, answers }) => sum + (savedTokens - each * answers) ** 2,
    0,
  );
  const ofBatch = (early + squares) / sums.size;
  const held = marked * holdBack * (each * batchItems) ** 2;
  return {
    savedTokens: documents * marked * each,
    primes: (documents * marked * all.primes) / all.answers,
    variance: (documents / batchItems) * (marked * ofBatch + held),
    doubt: ((documents * marked) / batchItems) * Math.sqrt(ofBatch / sums.size),
  };
}
