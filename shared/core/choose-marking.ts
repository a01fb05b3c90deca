import { hash } from 'node:crypto';
import { type StateShares, stateAt, stateShares, type UnprimedState } from './cache-arrivals.ts';
import { breakEvenHitRate, markedCost, type TokenPrices, tokenPrices } from './cache-cost.ts';
import type { CacheLessons } from './cache-lessons.ts';
import type { CacheTtl } from './cache-plan.ts';
import { type HitRate, hitRate } from './hit-rate.ts';
import type { PriceRow } from './prices.ts';
import { trialAllowance } from './trial-allowance.ts';

export interface MarkingQuestion {
  bk: string;
  hash: string;
  model: string;
  items: number;
  /** When the batch is sealed, ms since the epoch. */
  now: number;
  price: PriceRow;
  lessons: CacheLessons;
  canPrime: boolean;
}

/** Money in nanodollars for each token of the prefix, over the whole batch. */
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
  /** Chosen to find out: it may cost, and what it may cost was allowed. */
  isTrial: boolean;
}

export type MarkingChoice = { is: 'marked'; marking: Marking } | { is: 'none'; best: Marking };

/**
 * None, five minutes or an hour, and whether to prime. A time to live is judged by what batches of this prefix will cost in
 * the long run, because an hour pays only by the batches that follow; a prime by this batch alone.
 *
 * What is uncertain is drawn from what is known of it, by the batch's key: so that what might be better is tried as often as it
 * might be, and whoever plans this batch plans the same. What may cost more than it saves needs an allowance, which is a
 * small share of what was bought and of what was saved so far.
 */
export function chooseMarking(question: MarkingQuestion): MarkingChoice {
  const views = ttls.map(ttl => viewOf(ttl, question));
  const drawn = best(views.map(view => markingOf(view, question, view.draws)));
  const expected = views.map(view => markingOf(view, question, {}));
  const safe = expected.filter(({ longRun, marking }) => longRun > 0 && marking.savingLow >= 0);
  const { savingLow } = drawn.marking;
  if (drawn.longRun > 0 && -savingLow <= trialAllowance(question, { isNeeded: safe.length === 0 })) {
    return { is: 'marked', marking: { ...drawn.marking, isTrial: savingLow < 0 } };
  }
  if (safe.length > 0) return { is: 'marked', marking: best(safe).marking };
  return { is: 'none', best: best(expected).marking };
}

/** Of what is uncertain, how much is drawn: more tries more, and pays more for it. */
const drawnShare = 0.5;

const ttls = ['5m', '1h'] as const;
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
  draws: Partial<Record<Found, number>>;
}

function viewOf(ttl: CacheTtl, { bk, hash: prefix, model, items, now, price, lessons }: MarkingQuestion): TtlView {
  const sightings = lessons.sightings(prefix);
  const rates = Object.fromEntries(
    found.map(state => [state, hitRate(lessons, { hash: prefix, model, items, ttl, state, now })]),
  ) as Record<Found, HitRate>;
  const draws = Object.fromEntries(found.map((state, index) => [state, normalDraw(`${bk} ${ttl}`, index)]));
  const shares = stateShares(sightings, ttl);
  return { ttl, prices: tokenPrices(price, ttl), state: stateAt(sightings, now), shares, rates, draws };
}

interface Judged {
  marking: Marking;
  /** Saved by each batch of this prefix, if all were marked so. */
  longRun: number;
}

const best = (judged: readonly Judged[]): Judged => judged.reduce((a, b) => (b.longRun > a.longRun ? b : a));

function markingOf(view: TtlView, question: MarkingQuestion, draws: TtlView['draws']): Judged {
  const { items, canPrime } = question;
  const { ttl, prices, rates, state, shares } = view;
  const rateOf = (of: Found): number => clamp(rates[of].mean + (draws[of] ?? 0) * drawnShare * rates[of].spread);
  const cost = (of: Found): number => markedCost(prices, items, rateOf(of)) + (of === 'primed' ? prices.prime : 0);
  const least = (of: UnprimedState): number =>
    canPrime && of !== 'warm' ? Math.min(cost(of), cost('primed')) : cost(of);
  const plain = items * prices.plain;
  const longRun = plain - shares.warm * least('warm') - shares.late * least('late') - shares.cold * least('cold');
  const prime = canPrime && state !== 'warm' && cost('primed') < cost(state);
  const rate = rates[prime ? 'primed' : state];
  const saved = (hits: number): number => plain - markedCost(prices, items, hits) - (prime ? prices.prime : 0);
  const marking = { ttl, prime, state, hitRate: rate, breakEven: breakEvenHitRate(prices), isTrial: false };
  return { longRun, marking: { ...marking, saving: saved(rate.mean), savingLow: saved(rate.low) } };
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

/** Of a normal distribution, the same for the same text. */
function normalDraw(text: string, index: number): number {
  const bytes = hash('sha256', `draw ${text}`, 'buffer');
  let sum = 0;
  for (let each = 0; each < 3; each += 1) sum += bytes.readUInt16LE(index * 6 + each * 2) / 0xffff;
  return (sum - 1.5) * 2;
}
