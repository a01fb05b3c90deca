/**
 * Money is an integer number of nanodollars (1e-9 US dollars) in a plain number: exact up to 9 million dollars. List
 * prices are whole nanodollars a token; the half of one may not be, so an item's sum is rounded, half up, once.
 */
export type Nanodollars = number;

export const nanodollarsPerDollar = 1_000_000_000;

/** A sum in which nothing has a price is unknown, and never zero. @param unpriced what is in no sum */
export const sumOrUnknown = (sum: Nanodollars, unpriced: number): Nanodollars | null =>
  sum === 0 && unpriced > 0 ? null : sum;

/** `$ 12.34`; below a dollar four digits, below a cent six, because a document costs a fraction of a cent. */
export function formatDollars(amount: Nanodollars | null): string {
  if (amount === null) return 'unknown';
  const dollars = Math.abs(amount) / nanodollarsPerDollar;
  const digits = dollars === 0 || dollars >= 1 ? 2 : dollars >= 0.01 ? 4 : 6;
  return `${amount < 0 ? '-' : ''}$ ${dollars.toFixed(digits)}`;
}

/** Dollars as an exact decimal string, for JSON: money never becomes a float there. */
export function decimalDollars(amount: Nanodollars): string {
  const digits = Math.abs(amount).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -9)}.${fraction}`;
}

/** @returns null unless `text` is an amount in dollars such as `20`, `0.5` or `$3.20`, of at most 9 million */
export function parseDollars(text: string): Nanodollars | null {
  const match = /^\$?\s?(\d{1,7})(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (!match) return null;
  const amount = Number(match[1]) * nanodollarsPerDollar + Number((match[2] ?? '').padEnd(9, '0'));
  return Number.isSafeInteger(amount) ? amount : null;
}
