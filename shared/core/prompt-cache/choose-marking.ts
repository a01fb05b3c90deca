import { hash } from 'node:crypto';
import { batchPriceShare, type PriceRow } from '../prices.ts';
import { cacheAllowance } from './cache-allowance.ts';
import { gapsBetween, type StateShares, stateAt, stateShares, type UnprimedState } from './cache-arrivals.ts';
import { breakEvenHitRate, markedCost, type TokenPrices, tokenPrices } from './cache-cost.ts';
import type { CacheLessons } from './cache-lessons.ts';
import type { CacheTtl } from './cache-plan.ts';
import { batchLow, type HitRate, hitRate } from './hit-rate.ts';

export interface MarkingQuestion {
  bk: string;
  hash: string;
  model: string;
  items: number;
  /** Of the prefix, by estimate. */
  tokens: number;
  /** When the batch is sealed, ms since the epoch. */
  now: number;
  price: PriceRow;
  lessons: CacheLessons;
  canPrime: boolean;
  /** What other markers of this batch may cost. */
  atRisk: number;
  /** Those it may have. */
  ttls: readonly CacheTtl[];
}

/** Money for each token of the prefix, over the whole batch. */
export interface Marking {
  ttl: CacheTtl;
  prime: boolean;
  state: UnprimedState;
  hitRate: HitRate;
  breakEven: number;
  /** Expected, against no markers; below zero it costs. */
  saving: number;
  /** The same, should the hit rate lie at its lower bound. */
  savingLow: number;
  /** Chosen to find out: it may cost, and what it may cost at most was allowed. */
  isTrial: boolean;
  /** What it may cost: of a trial, should no item read. */
  atRisk: number;
}

/** `none`: of what would not pay, the best. */
export interface MarkingChoice {
  is: 'marked' | 'none';
  marking: Marking;
}

/**
 * None, five minutes or an hour, and whether to prime. A time to live is judged by what batches of this prefix will cost in
 * the long run, because an hour pays only by the batches that follow; a prime by this batch alone.
 *
 * What is uncertain is drawn from what is known of it, by the batch's key: so that what might be better is tried as often as it
 * might be, and whoever plans this batch plans the same. Nothing is chosen that may cost more than the allowance, which is a small
 * share of what was bought, and what was saved so far.
 */
export function chooseMarking(question: MarkingQuestion): MarkingChoice {
  const views = question.ttls.map(ttl => viewOf(ttl, question));
  const primes = question.canPrime ? [false, true] : [false];
  const judge = (rate: RateOf): Judged[] =>
    views.flatMap(view => primes.map(prime => judged({ view, prime, items: question.items, rate })));
  const expected = judge(({ mean }) => mean);
  const stake = question.items * question.price.input * batchPriceShare * stakeMax;
  const { saved, withLoan } = cacheAllowance(question);
  const isWithin = ({ marking: { atRisk } }: Judged, allowance: number): boolean =>
    atRisk * question.tokens + question.atRisk <= allowance;
  const safe = expected
    .filter(each => isSafe(each, stake))
    .map(known)
    .filter(each => isWithin(each, withLoan));
  const isKnown = ({ marking }: Judged): boolean => safe.some(each => isSame(each.marking, marking));
  // Where there is something safe to do, nothing is lent to find out whether something else is better.
  const isAllowed = (each: Judged): boolean =>
    isWithin(each, each.marking.isTrial && safe.length > 0 ? saved : withLoan);
  const drawn = best(
    judge(drawnRate)
      .map(each => (isKnown(each) ? known(each) : each))
      .filter(isAllowed),
  );
  const chosen = drawn && drawn.longRun > 0 ? drawn : best(safe);
  if (chosen) return { is: 'marked', marking: chosen.marking };
  return { is: 'none', marking: known(best(expected) as Judged).marking };
}

/** It pays in the long run, by all that is known, and this batch alone does not stake too much on it. */
const isSafe = ({ longRun, longRunLow, marking }: Judged, stake: number): boolean =>
  longRun > 0 && longRunLow >= 0 && -marking.savingLow <= stake;

/** No trial: no more is at risk than what is known allows for. */
function known({ marking, ...judgement }: Judged): Judged {
  return { ...judgement, marking: { ...marking, isTrial: false, atRisk: judgement.knownRisk } };
}

/** Of what a batch's prefix costs without markers, what may be staked on the batches that follow. */
const stakeMax = 0.5;

/** Of what is uncertain, how much is drawn: more tries more, and pays more for it. */
const drawnShare = 0.5;

export const cacheTtls = ['5m', '1h'] as const;
type Found = 'primed' | UnprimedState;
const found = ['primed', 'warm', 'young', 'late', 'cold'] as const;

/** All that is known about one time to live. */
interface TtlView {
  ttl: CacheTtl;
  prices: TokenPrices;
  state: UnprimedState;
  shares: StateShares;
  rates: Record<Found, HitRate>;
  /** Standard deviations by which each rate is drawn away from its mean. */
  draws: Record<Found, number>;
}

function viewOf(ttl: CacheTtl, { bk, hash: prefix, model, items, now, price, lessons }: MarkingQuestion): TtlView {
  const sightings = lessons.sightings(prefix);
  const rates = Object.fromEntries(
    found.map(state => [state, hitRate(lessons, { hash: prefix, model, items, ttl, state, now })]),
  ) as Record<Found, HitRate>;
  const drawn = normalDraws(`${bk} ${ttl}`, found.length);
  const draws = Object.fromEntries(found.map((state, index) => [state, drawn[index]])) as Record<Found, number>;
  const { timeScale } = lessons;
  const shares = stateShares(gapsBetween(sightings, timeScale), lessons.modelGaps(model), ttl);
  const current = stateAt(lessons.entries(prefix), now, { timeScale });
  return { ttl, prices: tokenPrices(price, ttl), state: current, shares, rates, draws };
}

interface Judged {
  marking: Marking;
  /** Saved by each batch of this prefix, if all were marked so. */
  longRun: number;
  /** The same, should every hit rate lie at its lower bound. */
  longRunLow: number;
  /** What this batch may cost, by all that is known. */
  knownRisk: number;
}

type RateOf = (rate: HitRate, draw: number) => number;

const drawnRate: RateOf = ({ mean, spread }, draw) => Math.min(1, Math.max(0, mean + draw * drawnShare * spread));

const best = (all: readonly Judged[]): Judged | undefined => all.toSorted((a, b) => b.longRun - a.longRun)[0];

const isSame = (a: Marking, b: Marking): boolean => a.ttl === b.ttl && a.prime === b.prime;

interface JudgedAct {
  view: TtlView;
  /** Whether batches that find nothing are primed. */
  prime: boolean;
  items: number;
  rate: RateOf;
}

function judged({ view, prime, items, rate }: JudgedAct): Judged {
  const { ttl, prices, rates, draws, state, shares } = view;
  const plain = items * prices.plain;
  const savedAt = (of: Found, share: number): number =>
    plain - markedCost(prices, items, share) - (of === 'primed' ? prices.prime : 0);
  const longRunBy = (rateOf: RateOf): number => {
    const saved = (of: Found): number => savedAt(of, rateOf(rates[of], draws[of]));
    // Behind a prime nothing is young: what it wrote can be read at once.
    const [young, cold] = prime ? [saved('warm'), saved('primed')] : [saved('young'), saved('cold')];
    const late = prime ? Math.max(saved('late'), saved('primed')) : saved('late');
    return shares.young * young + shares.warm * saved('warm') + shares.late * late + shares.cold * cold;
  };
  const isPrimed =
    prime &&
    (state === 'cold' ||
      (state !== 'warm' &&
        savedAt('primed', rate(rates.primed, draws.primed)) > savedAt(state, rate(rates[state], draws[state]))));
  const found = isPrimed ? 'primed' : state;
  const { mean, low } = rates[found];
  const saving = { saving: savedAt(found, mean), savingLow: savedAt(found, low) };
  const trial = { isTrial: true, atRisk: -savedAt(found, 0) };
  return {
    marking: {
      ttl,
      prime: isPrimed,
      state,
      hitRate: rates[found],
      breakEven: breakEvenHitRate(prices),
      ...saving,
      ...trial,
    },
    longRun: longRunBy(rate),
    longRunLow: longRunBy(({ low: lowest }) => lowest),
    knownRisk: Math.max(0, -savedAt(found, batchLow(rates[found], items))),
  };
}

/** Of a normal distribution, the same for the same text: five at most. */
function normalDraws(text: string, count: number): number[] {
  const bytes = hash('sha256', `draw ${text}`, 'buffer');
  return Array.from({ length: count }, (_, index) => {
    let sum = 0;
    for (let each = 0; each < 3; each += 1) sum += bytes.readUInt16LE(index * 6 + each * 2) / 0xffff;
    return (sum - 1.5) * 2;
  });
}
