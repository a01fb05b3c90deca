import type { Money } from '../money.ts';
import {
  addCacheBills,
  type BatchBill,
  type CacheSums,
  cacheAnswersMin,
  isCacheKnown,
  sumOfBills,
} from './cache-model.ts';
import { heldBackShare } from './held-back-share.ts';

/**
 * What the cache will take off a file. Its first batch is one thing and those behind it are another: a prime, or the items that
 * wrote because nobody had, are paid once for a file, however long it is. Spread over its answers they would count twice in a
 * file of half the length.
 */
export interface CacheEstimate {
  /** Of these documents together. */
  savedTokens: number;
  primes: Money;
  /** In tokens: variance of what is each batch's own, and standard deviation of what is common to all of them. */
  variance: number;
  doubt: number;
}

export interface CacheQuestion {
  documents: number;
  /** All documents of the file that are marked like them, themselves included: they share its first batch. */
  ofDocuments: number;
  /** Chance of each batch, 0 to 1, that it goes without markers. */
  holdBack: number;
  /** False: whoever marks them would not mark the next one. */
  isMarked?: boolean;
  /** An entry is there: no batch is a first one. */
  isWarm?: boolean;
}

const noEffect: CacheEstimate = { savedTokens: 0, primes: 0, variance: 0, doubt: 0 };

/**
 * How far off what a batch saves may be, as one standard deviation and a share of it: hit rates from 30 to 98 % are documented. It
 * weighs as one batch does.
 */
const batchShare = 0.25;

/**
 * Of requests that are marked as those were whose answers are known; nothing, as long as these are few.
 */
export function estimateCache(sums: CacheSums, question: CacheQuestion): CacheEstimate {
  if (!isCacheKnown(sums)) return noEffect;
  const { documents, ofDocuments, holdBack, isMarked = true, isWarm = false } = question;
  const batchItems = sumOfBills(sums.values()).answers / sums.size;
  const marked = documents * (1 - heldBackShare(Math.ceil(ofDocuments / batchItems), holdBack));
  const { each, eachPrimes, start } = effectOf([...sums.values()], isMarked);
  // A file that is shorter than a batch has as much less of what a first batch loses.
  const starts =
    start === null || isWarm || !isMarked ? 0 : Math.min(1, ofDocuments / start.answers) * (marked / ofDocuments);
  const early = (batchShare * each * batchItems) ** 2;
  const squares = sumOf([...sums.values()], ({ savedTokens, answers, isFirst }) => {
    const lost = isFirst && start ? start.lostTokens * (answers / start.answers) : 0;
    return (savedTokens - each * answers + lost) ** 2;
  });
  const ofBatch = (early + squares) / sums.size;
  const held = holdBack * (each * batchItems) ** 2;
  return {
    savedTokens: marked * each - starts * (start?.lostTokens ?? 0),
    primes: Math.max(0, marked * eachPrimes + starts * (start?.primes ?? 0)),
    variance: (marked / batchItems) * (ofBatch + held),
    doubt: (marked / batchItems) * Math.sqrt(ofBatch / sums.size),
  };
}

interface CacheEffect {
  /** Tokens that an answer saves behind a first batch, and its part of primes. */
  each: number;
  eachPrimes: Money;
  /** A first batch: so many answers, and what it saves less and costs more than as many others; null when none is known. */
  start: { answers: number; lostTokens: number; primes: Money } | null;
}

function effectOf(bills: readonly BatchBill[], isMarked: boolean): CacheEffect {
  const firsts = bills.filter(({ isFirst }) => isFirst);
  const [first, further] = [sumOfBills(firsts), sumOfBills(bills.filter(({ isFirst }) => !isFirst))];
  // Until others are known, they are taken to read as much if they are marked at all, and to need no prime of their own.
  const isKnown = further.answers >= cacheAnswersMin;
  const all = addCacheBills(first, further);
  const early = isMarked ? all.savedTokens / all.answers : 0;
  const each = isKnown ? further.savedTokens / further.answers : early;
  const eachPrimes = isKnown ? further.primes / further.answers : 0;
  const count = firsts.length;
  const start = count > 0 && {
    answers: first.answers / count,
    lostTokens: (first.answers * each - first.savedTokens) / count,
    primes: (first.primes - first.answers * eachPrimes) / count,
  };
  return { each, eachPrimes, start: start || null };
}

const sumOf = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((sum, one) => sum + of(one), 0);
