import type { SimulatedUsage } from './price-usage.ts';

/** What the provider bills for one executed item. Errored, canceled and expired items have no row. */
export interface InvoiceRow {
  /** From 1, in the order of writing. */
  number: number;
  /** When the item was executed, ms since the epoch. */
  at: number;
  workspace: string;
  /** Null for a synchronous call. */
  batchId: string | null;
  customId: string | null;
  model: string;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
  /** List price, halved in a batch, in whole 1e-12 $: sums are exact up to 9,000 $. */
  costPicoDollars: number;
  /** In a batch of the fault `batch-foreign`. */
  isForeign: boolean;
}

export const usageOfRow = (row: InvoiceRow): SimulatedUsage => ({
  input: row.inputTokens,
  output: row.outputTokens,
  cacheRead: row.cacheReadTokens,
  cacheWrite5m: row.cacheWrite5mTokens,
  cacheWrite1h: row.cacheWrite1hTokens,
});

export interface InvoiceTotals {
  rowCount: number;
  costPicoDollars: number;
}

export interface InvoicePage {
  rows: InvoiceRow[];
  totals: InvoiceTotals;
  /** Give as `after` for the next page; null on the last. */
  nextAfter: number | null;
}
