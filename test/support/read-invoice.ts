import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { createSqliteStore } from '#services/simulator/store/sqlite-store.ts';

const rowsPerPage = 10_000;

/** Everything the simulator of a folder has billed, in the order it was executed; read from its file. */
export function readInvoice(directory: string): InvoiceRow[] {
  const store = createSqliteStore(directory);
  try {
    const rows: InvoiceRow[] = [];
    for (;;) {
      const page = store.invoiceRows(rows.at(-1)?.number ?? 0, rowsPerPage);
      rows.push(...page);
      if (page.length < rowsPerPage) return rows;
    }
  } finally {
    store.close();
  }
}
