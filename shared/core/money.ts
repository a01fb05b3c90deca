/**
 * Money is an integer number of quarters of a nanodollar (2.5e-10 US dollars) in a plain number: exact up to 2.25 million
 * dollars. Half of a list price may end in half a nanodollar, and eleven tenths of that in a quarter: in this unit every price
 * is whole, so nothing that is booked is ever rounded. `prices.test.ts` holds every row to it.
 */
export type Money = number;

const unitsPerNanodollar = 4;
export const unitsPerDollar = 1_000_000_000 * unitsPerNanodollar;

/** Decimals of one unit in dollars, and how many of the last of them it is. */
const decimals = 11;
const lastPerUnit = 25;

/** List prices are published in them. */
export const fromNanodollars = (nanodollars: number): Money => nanodollars * unitsPerNanodollar;

/** Metrics and spans are counted in them; a quarter of one is exact in a double. */
export const toNanodollars = (amount: Money): number => amount / unitsPerNanodollar;

/** A sum in which nothing has a price is unknown, and never zero. @param unpriced what is in no sum */
export const sumOrUnknown = (sum: Money, unpriced: number): Money | null => (sum === 0 && unpriced > 0 ? null : sum);

/**
 * `$ 12.34`; below a dollar four digits, below a cent six, because a document costs a fraction of a cent. What is something never shows
 * as nothing: below a millionth of a dollar there are all its digits.
 */
export function formatDollars(amount: Money | null): string {
  if (amount === null) return 'unknown';
  const dollars = Math.abs(amount) / unitsPerDollar;
  if (dollars > 0 && dollars < 1e-6) return `${amount < 0 ? '-' : ''}$ ${decimalDollars(Math.abs(amount))}`;
  const digits = dollars === 0 || dollars >= 1 ? 2 : dollars >= 0.01 ? 4 : 6;
  return `${amount < 0 ? '-' : ''}$ ${dollars.toFixed(digits)}`;
}

/** Dollars as an exact decimal string, for JSON: money never becomes a float there. */
export function decimalDollars(amount: Money): string {
  const part = Math.abs(amount) % unitsPerDollar;
  // Apart, because all of it in the last decimal would leave the safe integers at 90,000 dollars.
  const whole = (Math.abs(amount) - part) / unitsPerDollar;
  const fraction = String(part * lastPerUnit)
    .padStart(decimals, '0')
    .replace(/0+$/, '')
    .padEnd(2, '0');
  return `${amount < 0 ? '-' : ''}${whole}.${fraction}`;
}

/** @returns null unless `text` is an amount in dollars such as `20`, `0.5` or `$3.20`, in whole units, of at most 2.25 million */
export function parseDollars(text: string): Money | null {
  const match = /^\$?\s?(\d{1,7})(?:\.(\d{1,11}))?$/.exec(text.trim());
  if (!match) return null;
  const part = Number((match[2] ?? '').padEnd(decimals, '0')) / lastPerUnit;
  const amount = Number(match[1]) * unitsPerDollar + part;
  return Number.isInteger(part) && Number.isSafeInteger(amount) ? amount : null;
}
