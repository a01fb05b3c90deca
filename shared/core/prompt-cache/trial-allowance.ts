import type { Nanodollars } from '../money.ts';
import { batchPriceShare, type PriceRow } from '../prices.ts';
import { markedCost, tokenPrices } from './cache-cost.ts';
import type { CacheLesson, CacheSighting } from './cache-lesson.ts';
import type { CacheLessons } from './cache-lessons.ts';

/** What trials may cost, as a share of what the prefixes cost without markers. */
const shareOfBought = 0.005;
/** Of so many batches like this one: what does not pay by then is not tried for ever. */
const lendingBatches = 64;
/** And of what markers have saved. */
const shareOfSaved = 0.5;
/** And for the first one, of its own batch. */
const shareOfFirst = 0.25;

export interface AllowanceQuestion {
  hash: string;
  model: string;
  items: number;
  tokens: number;
  price: PriceRow;
  lessons: CacheLessons;
  /** False where there is something safe to do: then nothing is lent, and only what was saved is spent on trials. */
  isNeeded: boolean;
}

/**
 * What a marker may cost beyond none, in nanodollars: as far as this prefix and, together, all prefixes of its model have room. Losses
 * are never forgiven, so prefixes that come only once share one loan.
 */
export function trialAllowance(question: AllowanceQuestion): Nanodollars {
  const { hash, model, lessons } = question;
  const own = { sightings: lessons.sightings(hash), lessons: lessons.lessons(hash) };
  return Math.max(0, Math.min(roomOf(own, question), roomOf(lessons.model(model), question)));
}

interface History {
  sightings: readonly CacheSighting[];
  lessons: readonly CacheLesson[];
}

function roomOf({ sightings, lessons }: History, { items, tokens, price, isNeeded }: AllowanceQuestion): Nanodollars {
  const plain = price.input * batchPriceShare;
  const bought = sightings.reduce((sum, { items: count, tokens: each = 0 }) => sum + count * each * plain, 0);
  const saved = lessons.reduce((sum, lesson) => sum + savedBy(lesson, price), 0);
  const settled = new Set(lessons.map(({ bk }) => bk));
  const atRisk = sightings.reduce((sum, { bk, atRisk: own = 0 }) => (settled.has(bk) ? sum : sum + own), 0);
  const batch = items * tokens * plain;
  const lent = isNeeded ? shareOfFirst * batch + shareOfBought * Math.min(bought, lendingBatches * batch) : 0;
  return lent + (saved > 0 ? saved * shareOfSaved : saved) - atRisk;
}

/** What a lesson's batch has saved by its markers, its prime paid, in nanodollars; below zero it was a loss. */
export function savedBy(lesson: CacheLesson, price: PriceRow): Nanodollars {
  const { use, ttl, isPrimed, items, hits, prefixTokens: tokens } = lesson;
  // Nothing is cached below the model's minimum: there items cost what they cost without.
  if (use !== 'marked' || items === 0 || tokens === 0) return 0;
  const prices = tokenPrices(price, ttl);
  const paid = markedCost(prices, items, hits / items) + (isPrimed ? prices.prime : 0);
  return tokens * (items * prices.plain - paid);
}
