import type { FaultCounters } from '../faults/fault-injector.ts';
import type { BatchRecord } from '../machine/batch-record.ts';
import type { InvoiceRow, InvoiceTotals } from '../machine/invoice.ts';
import type { BatchItem } from '../machine/validate-envelope.ts';

/**
 * Where the machine keeps what must not be forgotten. Synchronous, because one reply follows one commit.
 *
 * A store MUST make everything inside `commit` durable together before it returns, or nothing of it. Items and results
 * are kept in chunks: a batch may have 100,000 of them, and neither the machine nor a reader holds all at once.
 */
export interface SimulatorStore {
  load(): StoredState;
  commit(write: () => void): void;
  saveBatch(record: BatchRecord): void;
  saveCounters(counters: StoredCounters): void;

  addItems(seq: number, chunk: number, items: readonly BatchItem[]): void;
  /** In the order of their chunks; empty when there are none (any more). */
  items(seq: number): Iterable<readonly BatchItem[]>;
  dropItems(seq: number): void;

  addResults(seq: number, chunk: number, lines: readonly string[]): void;
  results(seq: number): Iterable<readonly string[]>;
  dropResults(seq: number): void;

  addInvoiceRows(rows: readonly Omit<InvoiceRow, 'number'>[]): void;
  /** Rows with a number above `after`, at most `limit`. */
  invoiceRows(after: number, limit: number): InvoiceRow[];
  invoiceTotals(): InvoiceTotals;

  close(): void;
}

export interface StoredCounters {
  requestCount: number;
  messageCount: number;
  readCount: number;
  faults: FaultCounters;
}

export interface StoredState {
  /** In order of `seq`. */
  batches: BatchRecord[];
  counters: StoredCounters | null;
}
