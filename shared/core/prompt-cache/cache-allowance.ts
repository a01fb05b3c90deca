import type { Money } from '../money.ts';
import { batchPriceShare, type PriceRow } from '../prices.ts';
import { tokenPrices } from './cache-cost.ts';
import type { CacheLesson, CacheSighting } from './cache-lesson.ts';
import type { CacheLessons } from './cache-lessons.ts';

/** What markers may cost beyond none, as a share of what the prefixes cost without. */
const shareOfBought = 0.01;
/** Of so many batches like this one: what does not pay by then is not tried for ever. */
const lendingBatches = 64;
/** And of the first batches, until that is more: five minutes written by every item of one batch of twenty, and its prime. */
const shareOfFirst = 0.4;

/** What is longer ago counts no more, neither what was bought nor what was lost: providers change. */
const rememberedMs = 30 * 24 * 3_600_000;

export interface AllowanceQuestion {
  hash: string;
  model: string;
  items: number;
  tokens: number;
  price: PriceRow;
  lessons: CacheLessons;
  now: number;
}

/** What a batch's marker may cost beyond none. Below zero more is lost, or at risk, than that. */
export interface CacheAllowance {
  /** Of what was saved. */
  saved: Money;
  /** And of what is lent. */
  withLoan: Money;
}

/**
 * As far as this prefix and, together, all prefixes of its model have room. Losses count in full, and so does what is still at risk, as
 * if it were lost: what trials lose is never more than was saved and lent. Prefixes that come only once share one loan.
 */
export function cacheAllowance(question: AllowanceQuestion): CacheAllowance {
  const { hash, model, lessons } = question;
  const own = leftOf({ sightings: lessons.sightings(hash), lessons: lessons.lessons(hash) }, question);
  const all = leftOf(lessons.model(model), question);
  return { saved: Math.min(own.saved, all.saved), withLoan: Math.min(own.withLoan, all.withLoan) };
}

interface History {
  sightings: readonly CacheSighting[];
  lessons: readonly CacheLesson[];
}

function leftOf(history: History, { items, tokens, price, now }: AllowanceQuestion): CacheAllowance {
  const isRemembered = ({ at }: { at: number }): boolean => at > now - rememberedMs;
  const [sightings, lessons] = [history.sightings.filter(isRemembered), history.lessons.filter(isRemembered)];
  const plain = price.input * batchPriceShare;
  const batch = items * tokens * plain;
  const bought = sightings.reduce((sum, { items: count, tokens: each = 0 }) => sum + count * each * plain, batch);
  const lent = Math.max(shareOfFirst * batch, shareOfBought * Math.min(bought, lendingBatches * batch));
  const net = lessons.reduce((sum, lesson) => sum + savedBy(lesson, price), 0);
  const saved = net - openRisk(sightings, lessons);
  return { saved, withLoan: lent + saved };
}

/** Of batches that have shown nothing yet. */
function openRisk(sightings: readonly CacheSighting[], lessons: readonly CacheLesson[]): Money {
  const risky = sightings.filter(({ atRisk = 0 }) => atRisk > 0);
  if (risky.length === 0) return 0;
  const settled = new Set(lessons.map(nameOf));
  return risky.reduce((sum, sighting) => sum + (settled.has(nameOf(sighting)) ? 0 : (sighting.atRisk ?? 0)), 0);
}

const nameOf = ({ bk, hash }: { bk: string; hash: string }): string => `${bk} ${hash}`;

/**
 * What a batch has saved by a marker, its prime paid; below zero it was a loss. By the tokens that were billed, of
 * which each marker of a batch is told its share: together they have saved what the batch has.
 */
export function savedBy(lesson: CacheLesson, price: PriceRow): Money {
  const { use, ttl, isPrimed, prefixTokens, readTokens, writtenTokens } = lesson;
  if (use !== 'marked') return 0;
  const { plain, read, write, prime } = tokenPrices(price, ttl);
  // Nothing is cached below the model's minimum: there items cost what they cost without, and so does a prime.
  return readTokens * (plain - read) - writtenTokens * (write - plain) - (isPrimed ? prefixTokens * prime : 0);
}
