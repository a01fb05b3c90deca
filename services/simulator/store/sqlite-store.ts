import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { BatchRecord } from '../machine/batch-record.ts';
import type { InvoiceRow } from '../machine/invoice.ts';
import type { BatchItem } from '../machine/validate-envelope.ts';
import type { SimulatorStore, StoredCounters } from './simulator-store.ts';

/** Files of before have no version, and bill in nanodollars. */
const storeVersion = 2;
const fromNanodollars = `
  ALTER TABLE invoice RENAME COLUMN costNanoDollars TO costPicoDollars;
  UPDATE invoice SET costPicoDollars = 1000 * costPicoDollars;
`;

const tables = `
  CREATE TABLE IF NOT EXISTS batches (seq INTEGER PRIMARY KEY, record TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS items (seq INTEGER, chunk INTEGER, payload TEXT NOT NULL, PRIMARY KEY (seq, chunk));
  CREATE TABLE IF NOT EXISTS results (seq INTEGER, chunk INTEGER, payload TEXT NOT NULL, PRIMARY KEY (seq, chunk));
  CREATE TABLE IF NOT EXISTS invoice (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, workspace TEXT NOT NULL, batchId TEXT, customId TEXT,
    model TEXT NOT NULL, inputTokens INTEGER NOT NULL, outputTokens INTEGER NOT NULL, cacheReadTokens INTEGER NOT NULL,
    cacheWrite5mTokens INTEGER NOT NULL, cacheWrite1hTokens INTEGER NOT NULL, costPicoDollars INTEGER NOT NULL,
    isForeign INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS counters (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL);
`;

/**
 * Keeps everything in `simulator.db` in the directory. A commit is on the disk when it returns (WAL, synchronous=FULL):
 * a process killed afterwards has lost nothing, one killed before has answered nothing.
 * @throws FlotillaError log-newer when a newer version made the file
 */
export function createSqliteStore(directory: string): SimulatorStore {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'simulator.db');
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
  try {
    createTables(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
  const sql = (text: string) => database.prepare(text);
  const saveBatch = sql('INSERT INTO batches VALUES (?, ?) ON CONFLICT (seq) DO UPDATE SET record = excluded.record');
  const saveCounters = sql('INSERT INTO counters VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value');
  const items = chunkTable(database, 'items');
  const results = chunkTable(database, 'results');
  const addRow = sql('INSERT INTO invoice VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const readRows = sql('SELECT * FROM invoice WHERE number > ? ORDER BY number LIMIT ?');
  const invoice = countedInvoice(database);
  return {
    load: () => ({
      batches: sql('SELECT record FROM batches ORDER BY seq')
        .all()
        .map(row => JSON.parse(String(row.record)) as BatchRecord),
      counters: storedCounters(sql('SELECT value FROM counters').get()?.value),
    }),
    commit: write => inTransaction(database, write),
    saveBatch: record => void saveBatch.run(record.seq, JSON.stringify(record)),
    saveCounters: counters => void saveCounters.run(JSON.stringify(counters)),
    addItems: (seq, chunk, added) =>
      items.add(seq, chunk, JSON.stringify(added.map(item => [item.customId, item.params]))),
    items: seq => items.read(seq, parsedItems),
    dropItems: seq => items.drop(seq),
    addResults: (seq, chunk, lines) => results.add(seq, chunk, lines.join('\n')),
    results: seq => results.read(seq, text => (text === '' ? [] : text.split('\n'))),
    dropResults: seq => results.drop(seq),
    addInvoiceRows: rows => {
      for (const row of rows) addRow.run(...rowValues(row));
      invoice.add(rows);
    },
    invoiceRows: (after, limit) =>
      readRows.all(after, limit).map(row => ({ ...row, isForeign: row.isForeign === 1 }) as unknown as InvoiceRow),
    invoiceTotals: () => invoice.totals(),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

function createTables(database: DatabaseSync, path: string): void {
  const read = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const version = (): number => read('PRAGMA user_version');
  if (version() === storeVersion) return;
  inTransaction(database, () => {
    const found = version();
    if (found === storeVersion) return; // somebody else was first
    if (found > 0) {
      const why = `the file has version ${found}, this program knows ${storeVersion}`;
      throw new FlotillaError('log-newer', { where: path, why });
    }
    // Their first start may have been killed between two tables.
    const isEarlier = read("SELECT count(*) FROM sqlite_master WHERE name = 'invoice'") > 0;
    database.exec(`${isEarlier ? fromNanodollars : ''} ${tables} PRAGMA user_version = ${storeVersion}`);
  });
}

/** A table of texts by batch and chunk. Read chunk by chunk, so that a slow reader holds no statement open. */
function chunkTable(database: DatabaseSync, name: 'items' | 'results') {
  const add = database.prepare(`INSERT INTO ${name} VALUES (?, ?, ?)`);
  const read = database.prepare(`SELECT payload FROM ${name} WHERE seq = ? AND chunk = ?`);
  const drop = database.prepare(`DELETE FROM ${name} WHERE seq = ?`);
  return {
    add: (seq: number, chunk: number, payload: string): void => void add.run(seq, chunk, payload),
    drop: (seq: number): void => void drop.run(seq),
    *read<T>(seq: number, parse: (payload: string) => T): Generator<T> {
      for (let chunk = 0; ; chunk += 1) {
        const row = read.get(seq, chunk);
        if (!row) return;
        yield parse(String(row.payload));
      }
    },
  };
}

/** Totals without a scan per question. A rolled back commit counts anew. */
function countedInvoice(database: DatabaseSync) {
  // Not `sum`: beyond 2^53 picodollars, some 9,000 dollars, its whole number could not be read.
  const sum = database.prepare('SELECT count(*) AS rowCount, total(costPicoDollars) AS cost FROM invoice');
  let known: { rowCount: number; costPicoDollars: number } | null = null;
  return {
    add(rows: readonly Omit<InvoiceRow, 'number'>[]): void {
      if (rows.length > 0) known = null;
    },
    totals() {
      const row = known ? null : sum.get();
      known ??= { rowCount: Number(row?.rowCount), costPicoDollars: Number(row?.cost) };
      return known;
    },
  };
}

function inTransaction(database: DatabaseSync, write: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    write();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function rowValues(row: Omit<InvoiceRow, 'number'>) {
  return [
    row.at,
    row.workspace,
    row.batchId,
    row.customId,
    row.model,
    row.inputTokens,
    row.outputTokens,
    row.cacheReadTokens,
    row.cacheWrite5mTokens,
    row.cacheWrite1hTokens,
    row.costPicoDollars,
    row.isForeign ? 1 : 0,
  ];
}

function parsedItems(payload: string): BatchItem[] {
  return (JSON.parse(payload) as [string, string][]).map(([customId, params]) => ({ customId, params }));
}

function storedCounters(value: unknown): StoredCounters | null {
  return value === undefined ? null : (JSON.parse(String(value)) as StoredCounters);
}
