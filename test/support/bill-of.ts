import { type Money, unitsPerDollar } from '#core/money.ts';

const picoDollarsPerUnit = 1_000_000_000_000 / unitsPerDollar;

/** What rows of the simulator's invoice come to. It prices in a unit of its own: what is no whole money of ours equals nothing. */
export const billOf = (rows: readonly { costPicoDollars: number }[]): Money =>
  rows.reduce((sum, { costPicoDollars }) => sum + costPicoDollars, 0) / picoDollarsPerUnit;
