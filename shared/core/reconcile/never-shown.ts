import { addUsage, listPrice, noUsage, priceOf, promptTokens, type Usage } from '../cost.ts';
import type { Money } from '../money.ts';
import { billedAt, canonicalModel } from '../prices.ts';
import type { Purchase } from './purchases.ts';
import type { SummedUsage } from './reported-usage.ts';

/**
 * `short`: the report has less than we were shown, so it is not complete yet, or of other keys. `unpriced`: nobody knows
 * what a token of this model costs.
 */
export type NeverShown =
  | { is: 'known'; billed: Money; booked: Money }
  | { is: 'short'; model: string }
  | { is: 'unpriced'; model: string };

/** Of one model and tier. */
interface Difference {
  model: string;
  usage: Usage;
  /** By place and price row: what is bought over a change of price has two. */
  parts: Map<string, SummedUsage>;
}

/**
 * What the provider billed for `purchases` and never showed: what its report has of them, less what was read. Money is
 * made of the difference of tokens: prices are whole in its unit, so the price of a sum is the sum of the prices.
 *
 * Where a model costs more beyond a length of the prompt, the report does not say how long each was. Together no longer
 * than that, none was; else what is booked for them holds, between the two prices, and of what nobody booked the higher.
 */
export function neverShown(reported: readonly SummedUsage[], purchases: readonly Purchase[]): NeverShown {
  const booked = purchases.reduce((sum, purchase) => sum + purchase.booked, 0);
  const shownCost = purchases.reduce((sum, purchase) => sum + purchase.shownCost, 0);
  const differences = differencesOf(reported, purchases);
  const range = { low: -shownCost, high: -shownCost };
  for (const difference of differences) {
    if (Object.values(difference.usage).some(tokens => tokens < 0)) return { is: 'short', model: difference.model };
    const priced = priceDifference(difference);
    if (priced === null) return { is: 'unpriced', model: difference.model };
    range.low += priced.low;
    range.high += priced.high;
  }
  const { low, high } = range;
  // Below zero is what was executed after its price had fallen: it stays booked as it was.
  if (high < 0 && shownCost > 0) return { is: 'short', model: differences[0]?.model ?? '' };
  // More than every worst case: some of it was never booked, and may be as dear as it can be.
  const billed = booked < low ? high : Math.min(high, booked);
  return { is: 'known', billed: Math.max(0, billed), booked };
}

function differencesOf(reported: readonly SummedUsage[], purchases: readonly Purchase[]): Difference[] {
  const differences = new Map<string, Difference>();
  const add = (summed: SummedUsage, usage: Usage): void => {
    const model = canonicalModel(summed.model);
    const key = `${summed.tier} ${model}`;
    const difference = differences.get(key) ?? { model, usage: noUsage, parts: new Map<string, SummedUsage>() };
    differences.set(key, difference);
    difference.usage = addUsage(difference.usage, usage);
    const since = priceOf(model, { promptTokens: 0, at: summed.at })?.since ?? '';
    const part = `${summed.isUsOnly} ${since}`;
    const before = difference.parts.get(part);
    difference.parts.set(part, { ...summed, usage: addUsage(before?.usage ?? noUsage, usage) });
  };
  for (const summed of reported) add(summed, summed.usage);
  for (const { shown } of purchases) for (const summed of shown) add(summed, negative(summed.usage));
  return [...differences.values()];
}

function priceDifference({ model, usage, parts }: Difference): { low: Money; high: Money } | null {
  const sums = { low: 0, high: 0 };
  const all = promptTokens(usage);
  for (const { at, usage: tokens, tier, isUsOnly } of parts.values()) {
    const short = priceOf(model, { promptTokens: 0, at });
    const long = priceOf(model, { promptTokens: all, at });
    if (!short || !long) return null;
    const terms = { isBatch: tier === 'batch', isUsOnly };
    sums.low += billedAt(listPrice(tokens, short), terms);
    sums.high += billedAt(listPrice(tokens, long), terms);
  }
  return sums;
}

const negative = ({ input, output, cacheRead, cacheWrite5m, cacheWrite1h }: Usage): Usage => ({
  input: -input,
  output: -output,
  cacheRead: -cacheRead,
  cacheWrite5m: -cacheWrite5m,
  cacheWrite1h: -cacheWrite1h,
});
