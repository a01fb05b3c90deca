import { addFields } from '../add-fields.ts';
import type { Usage } from '../cost.ts';
import { addUsage, noUsage } from '../cost.ts';
import { type Money, sumOrUnknown } from '../money.ts';
import { noReused, type Reused } from '../spend.ts';

/** What was spent on one day, for one task and tenant, on one model. */
export interface SpendFigures {
  /** `2026-11-24`, UTC: the day of the INTENT, as caps count it. */
  day: string;
  /** Null for documents in the provider's own shape. */
  task: string | null;
  tenant: string | null;
  /** Null where nobody said. */
  model: string | null;
  /** Each once for every tenant and model that it had. */
  batches: number;
  /** Items that were executed. */
  bought: number;
  /** Of them: answered with success. */
  delivered: number;
  retries: number;
  truncated: number;
  /** Of them: at a price nobody knows, and in no sum. */
  unpriced: number;
  /** Beside them: answers that were not bought, because another had bought the same. */
  reused: Reused;
  /** Perhaps executed, and never read: in no sum either. */
  lost: number;
  primes: number;
  usage: Usage;
  /** Of items; primes come on top. */
  billed: Money;
  uncached: Money;
  individual: Money;
  retried: Money;
  wasted: Money;
  primeCost: Money;
}

export const costKeys = ['task', 'tenant', 'model', 'day'] as const;
export type CostKey = (typeof costKeys)[number];

/** The sums of everything that has the same `by`. */
export interface CostLine {
  by: Readonly<Partial<Record<CostKey, string | null>>>;
  sums: SpendSums;
  money: CostMoney;
}

export type SpendSums = Omit<SpendFigures, CostKey>;

/**
 * Money in the terms of a report. Always: `billed` = `batch` - `reused` - `cache` + `primes`, and `saved` = `individual` -
 * `billed`.
 */
export interface CostMoney {
  /** What was delivered, bought as single calls; what was given again included. */
  individual: Money;
  /** What was bought, as batches without cache, and what was given again, as it was bought the first time. */
  batch: Money;
  /** Of `batch`: what was given again, and therefore not bought. */
  reused: Money;
  /** What the cache took off it; below zero when markers cost more than they brought. */
  cache: Money;
  primes: Money;
  billed: Money;
  /** Of `billed`: tries beyond the first. */
  retries: Money;
  /** Of `billed`: bought and not delivered. */
  waste: Money;
  saved: Money;
}

export const noSums: SpendSums = {
  batches: 0,
  bought: 0,
  delivered: 0,
  retries: 0,
  truncated: 0,
  unpriced: 0,
  reused: noReused,
  lost: 0,
  primes: 0,
  usage: noUsage,
  billed: 0,
  uncached: 0,
  individual: 0,
  retried: 0,
  wasted: 0,
  primeCost: 0,
};

/** One line for each combination of `by`: days in order, the dearest first within a day. */
export function costLines(figures: readonly SpendFigures[], by: readonly CostKey[]): CostLine[] {
  const groups = new Map<string, { by: CostLine['by']; sums: SpendSums }>();
  for (const figure of figures) {
    const names = Object.fromEntries(by.map(key => [key, figure[key]]));
    const key = JSON.stringify(by.map(name => figure[name]));
    groups.set(key, { by: names, sums: addSums(groups.get(key)?.sums ?? noSums, figure) });
  }
  const lines = [...groups.values()].map(group => ({ ...group, money: costMoney(group.sums) }));
  const dayOf = (line: CostLine): string => line.by.day ?? '';
  return lines.sort((a, b) => compare(dayOf(a), dayOf(b)) || b.money.billed - a.money.billed);
}

/** False when nothing of it has a price: its money is unknown, and never zero. */
export const isMoneyKnown = ({ sums, money }: Omit<CostLine, 'by'>): boolean =>
  sumOrUnknown(sums.uncached + money.primes, sums.unpriced) !== null &&
  sumOrUnknown(money.reused, sums.reused.unpriced) !== null;

/** Bought or given again. */
export const documentsOf = ({ delivered, reused }: SpendSums): number => delivered + reused.answers;

export const costTotal = (figures: readonly SpendFigures[]): Omit<CostLine, 'by'> => {
  const sums = figures.reduce<SpendSums>(addSums, noSums);
  return { sums, money: costMoney(sums) };
};

export function addSums(a: SpendSums, b: SpendSums): SpendSums {
  const { usage, reused, ...counts } = a;
  return { ...addFields(counts, b), usage: addUsage(usage, b.usage), reused: addFields(reused, b.reused) };
}

export function costMoney(sums: SpendSums): CostMoney {
  const { billed, uncached, reused, retried, wasted, primeCost } = sums;
  const all = billed + primeCost;
  const individual = sums.individual + reused.individual;
  return {
    individual,
    batch: uncached + reused.batch,
    reused: reused.batch,
    cache: uncached - billed,
    primes: primeCost,
    billed: all,
    retries: retried,
    waste: wasted,
    saved: individual - all,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
