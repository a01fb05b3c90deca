import { markedCost, tokenPrices } from './cache-cost.ts';
import type { CacheLesson, CacheSighting } from './cache-lesson.ts';
import type { CacheLessons } from './cache-lessons.ts';
import { hitRate } from './hit-rate.ts';
import { batchPriceShare, type PriceRow } from './prices.ts';

/** What trials of one prefix may cost, as a share of what its batches cost without markers. */
const shareOfBought = 0.004;
/** And of what markers have saved. */
const shareOfSaved = 0.5;
/** And for the first one, of its own batch. */
const shareOfFirst = 0.3;

export interface AllowanceQuestion {
  hash: string;
  model: string;
  items: number;
  now: number;
  price: PriceRow;
  lessons: CacheLessons;
}

/** What a marker of this prefix may cost beyond none, in nanodollars a token of the prefix. Below zero: it has lost too much already. */
export function trialAllowance(question: AllowanceQuestion, { isNeeded }: { isNeeded: boolean }): number {
  const { hash, items, price, lessons } = question;
  const plain = price.input * batchPriceShare;
  const sightings = lessons.sightings(hash);
  const known = lessons.lessons(hash);
  const bought = sightings.reduce((sum, sighting) => sum + sighting.items * plain, 0);
  const saved = known.reduce((sum, lesson) => sum + savedBy(lesson, price), 0);
  const settled = new Set(known.map(({ bk }) => bk));
  const open = sightings.filter(({ bk, ttl }) => ttl !== null && !settled.has(bk));
  const atRisk = open.reduce((sum, sighting) => sum + riskOf(sighting, question), 0);
  const earned = saved > 0 ? saved * shareOfSaved : saved;
  const lent = isNeeded ? shareOfFirst * items * plain + shareOfBought * bought : 0;
  return Math.max(0, lent + earned - atRisk);
}

/** What a lesson's batch has saved by its markers, its prime paid; below zero it was a loss. */
export function savedBy({ use, ttl, isPrimed, items, hits, prefixTokens }: CacheLesson, price: PriceRow): number {
  if (use !== 'marked') return 0;
  const prices = tokenPrices(price, ttl);
  // Nothing was cached, as below the model's minimum: items cost what they cost without, and so does a prime.
  if (prefixTokens === 0) return isPrimed ? -price.input : 0;
  return (
    items * prices.plain - markedCost(prices, items, items === 0 ? 0 : hits / items) - (isPrimed ? prices.prime : 0)
  );
}

/** What a batch on its way may turn out to cost beyond no markers. */
function riskOf(
  { ttl, isPrimed, items }: CacheSighting,
  { hash, model, now, price, lessons }: AllowanceQuestion,
): number {
  if (ttl === null) return 0;
  const prices = tokenPrices(price, ttl);
  const { low } = hitRate(lessons, { hash, model, items, ttl, state: isPrimed ? 'primed' : 'warm', now });
  return Math.max(0, markedCost(prices, items, low) + (isPrimed ? prices.prime : 0) - items * prices.plain);
}
