import { accountMoney, fleetMoney, runMoney, taskMoney, tenantMoney } from '../caps/cap-scopes.ts';
import { dearestPrice } from '../cost.ts';
import { inputTokensMax } from '../estimate/token-bounds.ts';
import type { Amounts } from '../journal.ts';
import type { Money } from '../money.ts';
import { billedAt } from '../prices.ts';
import type { Prime, View } from '../view.ts';
import { cacheTtlMs } from './cache-minimums.ts';
import type { CacheMark, CacheTtl } from './cache-plan.ts';

/** A cache entry, and the account that it would belong to. */
export interface PrimeTarget extends Pick<CacheMark, 'hash' | 'ttl'> {
  account: string;
}

export interface PrimeMoment {
  /** Ms since the epoch. */
  now: number;
  /** Divides the lives of entries: how much faster the provider's time runs. */
  timeScale: number;
}

/**
 * The same for whoever primes this entry now: of two that try, the journal takes one. A slot is as long as an entry lives,
 * so what is due again has another name; and what was refused is not tried again in its slot.
 */
export function primeId({ account, hash, ttl }: PrimeTarget, { now, timeScale }: PrimeMoment): string {
  const slot = Math.floor(now / (cacheTtlMs[ttl] / timeScale));
  return `${hash}.${ttl}.${slot.toString(36)}.${account}`;
}

/** The prime of this entry that was bought, or may be under way, and whose entry is not yet over; the latest. */
export function livePrime(
  { primes }: Pick<View, 'primes'>,
  { account, hash }: PrimeTarget,
  { now, timeScale }: PrimeMoment,
): Prime | null {
  const isLive = (prime: Prime): boolean =>
    prime.prefix === hash &&
    prime.account === account &&
    prime.state !== 'unsent' &&
    now < prime.at + cacheTtlMs[prime.ttl] / timeScale;
  return [...primes.values()].findLast(isLive) ?? null;
}

/** Whether the entry was there, as far as the journal says, when a batch was created. */
export const wasPrimed = (
  { primes }: Pick<View, 'primes'>,
  { account, hash }: PrimeTarget,
  { now, timeScale }: PrimeMoment,
): boolean =>
  [...primes.values()].some(
    ({ state, prefix, account: of, at, ttl }) =>
      state === 'spent' && prefix === hash && of === account && at <= now && now < at + cacheTtlMs[ttl] / timeScale,
  );

const hourMs = 3_600_000;

/**
 * Whether the hour before `at` has seen all the primes that it may: those that were bought, or may have been. What was
 * refused or never sent was no purchase, and has given its place back. Stamps later than `at` count as well: so no hour of
 * the journal holds more, whichever of its primes was the last to be taken.
 */
export function isPrimeHourFull(
  { primes }: Pick<View, 'primes'>,
  { perHour, at }: { perHour: number; at: number },
): boolean {
  if (primes.size < perHour) return false;
  let count = 0;
  for (const prime of primes.values()) if (prime.at > at - hourMs && prime.state !== 'unsent') count += 1;
  return count >= perHour;
}

/** For whom a prime is: everybody in the batch behind it. */
export interface PrimeFor {
  account: string;
  tenant: string | null;
  task: string | null;
  /** `''`: no run. */
  runs: readonly string[];
}

/** A prime's money in every scope that its batch counts in; runs share it, and the parts are the sum. */
export function primeAmounts({ account, tenant, task, runs }: PrimeFor, cost: Money): Amounts {
  const amounts: Record<string, number> = { [accountMoney(account)]: cost, [fleetMoney]: cost };
  if (tenant !== null) amounts[tenantMoney(tenant)] = cost;
  if (task !== null) amounts[taskMoney(task)] = cost;
  for (const [index, run] of runs.entries()) {
    const share = Math.floor(cost / runs.length) + (index < cost % runs.length ? 1 : 0);
    if (run !== '') amounts[runMoney(run)] = share;
  }
  return amounts;
}

/**
 * The worst case of a prime: all of it written, at the price of single calls.
 * @param body JSON text of its request
 * @returns null when the price is unknown: then nobody buys it
 */
export function worstPrimeCost(body: string, ttl: CacheTtl, at: number): Money | null {
  const { model, max_tokens: outputTokens } = JSON.parse(body) as { model: string; max_tokens: number };
  const promptTokens = inputTokensMax(body);
  const price = dearestPrice(model, { promptTokens, at });
  if (price === null) return null;
  const perToken = Math.max(price.input, ttl === '1h' ? price.cacheWrite1h : price.cacheWrite5m);
  const list = promptTokens * perToken + outputTokens * price.output;
  return billedAt(list, { isBatch: false, isUsOnly: isPrimeUsOnly(body) });
}

/** Tokens at most of what a prime has beside the blocks of the request that it is made from: a turn, a marker, arrays. */
const primeTokensMore = 256;

/**
 * The same of whatever prime may be made from a request, without making it: all of it and an answer of one token.
 * @param request.tokensMax of its body, as `inputTokensMax` has it
 */
export function primeCostMax(
  { model, body, tokensMax }: { model: string; body: string; tokensMax: number },
  at: number,
): Money | null {
  const promptTokens = tokensMax + primeTokensMore;
  const price = dearestPrice(model, { promptTokens, at });
  if (price === null) return null;
  const perToken = Math.max(price.input, price.cacheWrite5m, price.cacheWrite1h);
  const isUsOnly = body.includes('"inference_geo":"us"');
  return billedAt(promptTokens * perToken + price.output, { isBatch: false, isUsOnly });
}

export const modelOfPrime = (body: string): string => (JSON.parse(body) as { model: string }).model;

/** A tenth dearer, like the items behind it. */
export const isPrimeUsOnly = (body: string): boolean =>
  (JSON.parse(body) as { inference_geo?: unknown }).inference_geo === 'us';

/** Two reserves as one: what a cap has to have room for when both are wanted. */
export function addAmounts(first: Amounts, second: Amounts): Amounts {
  const sum: Record<string, number> = { ...first };
  for (const [scope, amount] of Object.entries(second)) sum[scope] = (sum[scope] ?? 0) + amount;
  return sum;
}
