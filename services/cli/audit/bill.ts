import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { createSqliteStore } from '#services/simulator/store/sqlite-store.ts';

/** What a provider says it executed, item by item. Real ones have no such list. */
export interface Bill {
  /** True when nobody else buys there: then an item that is not ours is unaccounted for. */
  isOursAlone: boolean;
  /** Only items of this fleet are looked at; null: all. */
  fleet: string | null;
  /** Foreign batches, which the simulator makes on purpose, are left out, and so are synchronous calls. */
  items(): AsyncIterable<{ customId: string | null }>;
}

const rowsPerPage = 10_000;
const answerWithinMs = 5_000;

/** The invoice of the simulator that runs inside a run, read from its file; null where there is none. */
export function openSimulatedBill(directory: string): Bill | null {
  if (!existsSync(join(directory, 'simulator.db'))) return null;
  return {
    isOursAlone: true,
    fleet: null,
    async *items() {
      const store = createSqliteStore(directory);
      try {
        for (let after = 0; ; ) {
          const rows = store.invoiceRows(after, rowsPerPage);
          yield* rows.filter(isItem);
          const last = rows.at(-1);
          if (!last || rows.length < rowsPerPage) return;
          after = last.number;
        }
      } finally {
        store.close();
      }
    },
  };
}

/**
 * An invoice that was kept: a `simulator.db`, the folder that has one, or what `/simulator/invoice` answered.
 * @throws FlotillaError input-unreadable
 */
export function readBillFile(path: string, fleet: string | null): Bill {
  const bill = openSimulatedBill(basename(path) === 'simulator.db' ? dirname(path) : path);
  if (bill) return { ...bill, isOursAlone: false, fleet };
  const unreadable = (why: string, cause?: unknown): FlotillaError =>
    new FlotillaError('input-unreadable', { where: path, why, cause });
  let rows: InvoicePage['rows'];
  try {
    ({ rows } = JSON.parse(readFileSync(path, 'utf8')) as InvoicePage);
  } catch (cause) {
    throw unreadable('it is neither a simulator.db nor the JSON of an invoice', cause);
  }
  if (!Array.isArray(rows)) throw unreadable('it has no "rows"');
  return {
    isOursAlone: false,
    fleet,
    async *items() {
      yield* rows.filter(isItem);
    },
  };
}

interface InvoicePage {
  rows: { customId: string | null; batchId: string | null; isForeign: boolean }[];
  totals: unknown;
  nextAfter: number | null;
}

/** The invoice of a simulator behind a base URL, or null when it is none. It may have other customers. */
export async function findSimulatorBill(baseUrl: string, fleet: string): Promise<Bill | null> {
  const page = (after: number, limit: number): Promise<InvoicePage | null> =>
    readPage(`${baseUrl.replace(/\/+$/, '')}/simulator/invoice?after=${after}&limit=${limit}`);
  if ((await page(0, 0)) === null) return null;
  return {
    isOursAlone: false,
    fleet,
    async *items() {
      for (let after: number | null = 0; after !== null; ) {
        const read: InvoicePage | null = await page(after, rowsPerPage);
        if (read === null) throw new Error('the simulator stopped in the middle of its invoice');
        yield* read.rows.filter(isItem);
        after = read.nextAfter;
      }
    },
  };
}

async function readPage(url: string): Promise<InvoicePage | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs) });
    const body = (await response.json()) as Partial<InvoicePage> | null;
    return response.ok && Array.isArray(body?.rows) && body.totals ? (body as InvoicePage) : null;
  } catch {
    return null; // whatever answers there, it is no simulator
  }
}

const isItem = ({ batchId, isForeign }: { batchId: string | null; isForeign: boolean }): boolean =>
  batchId !== null && !isForeign;
