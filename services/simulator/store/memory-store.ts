import type { InvoiceRow } from '../machine/invoice.ts';
import type { BatchItem } from '../machine/validate-envelope.ts';
import type { SimulatorStore } from './simulator-store.ts';

/** Keeps everything in this process: for simulations and tests. It grows with what is executed. */
export function createMemoryStore(): SimulatorStore {
  const items = new Map<number, (readonly BatchItem[])[]>();
  const results = new Map<number, (readonly string[])[]>();
  const invoice: InvoiceRow[] = [];
  let costPicoDollars = 0;
  return {
    load: () => ({ batches: [], counters: null }),
    commit: write => write(),
    saveBatch: () => {},
    saveCounters: () => {},
    addItems: (seq, _chunk, added) => append(items, seq, added),
    items: seq => items.get(seq) ?? [],
    dropItems: seq => void items.delete(seq),
    addResults: (seq, _chunk, lines) => append(results, seq, lines),
    results: seq => results.get(seq) ?? [],
    dropResults: seq => void results.delete(seq),
    addInvoiceRows: rows => {
      for (const row of rows) {
        invoice.push({ number: invoice.length + 1, ...row });
        costPicoDollars += row.costPicoDollars;
      }
    },
    invoiceRows: (after, limit) => invoice.slice(after, after + limit),
    invoiceTotals: () => ({ rowCount: invoice.length, costPicoDollars }),
    close: () => {},
  };
}

function append<T>(chunks: Map<number, T[]>, seq: number, chunk: T): void {
  const known = chunks.get(seq);
  if (known) known.push(chunk);
  else chunks.set(seq, [chunk]);
}
