import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AnswerCounts, AnswerEntry, AnswerPlace } from '#ports/answer-store.ts';

interface Row {
  key: string;
  at: number;
  ridPartition: number;
  ridOffset: number;
  partition: number;
  begins: number;
}

/** Entries and counts of an answer store in a file of its own. */
export class AnswerTable {
  readonly #db: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #remove: StatementSync;
  readonly #add: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec('PRAGMA journal_mode=WAL');
    db.exec('PRAGMA synchronous=OFF'); // a power cut may cost the cache, never an answer
    db.exec(`CREATE TABLE IF NOT EXISTS answers (
      task TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, rid_partition INTEGER NOT NULL,
      rid_offset INTEGER NOT NULL, partition INTEGER NOT NULL, begins INTEGER NOT NULL, PRIMARY KEY (task, key)
    ) STRICT, WITHOUT ROWID`);
    db.exec(`CREATE TABLE IF NOT EXISTS counts (
      task TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (task, name)
    ) STRICT, WITHOUT ROWID`);
    this.#upsert = db.prepare('INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM answers WHERE task = ? AND key = ?');
    this.#add = db.prepare(`INSERT INTO counts VALUES (?, ?, ?)
      ON CONFLICT (task, name) DO UPDATE SET value = value + excluded.value`);
  }

  /** The oldest first. */
  read(task: string): { key: string; place: AnswerPlace; at: number }[] {
    const rows = this.#db
      .prepare(`SELECT key, at, rid_partition AS ridPartition, rid_offset AS ridOffset, partition, begins
        FROM answers WHERE task = ? ORDER BY at`)
      .all(task) as unknown as Row[];
    return rows.map(({ key, at, ridPartition, ridOffset, partition, begins }) => {
      return { key, at, place: { rid: { partition: ridPartition, offset: ridOffset }, partition, from: begins } };
    });
  }

  /** One transaction. */
  write(task: string, change: { entries: readonly AnswerEntry[]; gone: readonly string[]; at: number }): void {
    const { entries, gone, at } = change;
    this.#inTransaction(() => {
      for (const { key, place } of entries) {
        const { rid, partition, from } = place;
        this.#upsert.run(task, key, at, rid.partition, rid.offset, partition, from);
      }
      for (const key of gone) this.#remove.run(task, key);
    });
  }

  deleteBefore(task: string, before: number): void {
    this.#db.prepare('DELETE FROM answers WHERE task = ? AND at <= ?').run(task, before);
  }

  count(task: string, counts: Partial<AnswerCounts>): void {
    this.#inTransaction(() => {
      for (const [name, value] of Object.entries(counts)) if (value !== 0) this.#add.run(task, name, value);
    });
  }

  counts(task: string): Record<string, number> {
    const rows = this.#db.prepare('SELECT name, value FROM counts WHERE task = ?').all(task);
    return Object.fromEntries(rows.map(row => [String(row.name), Number(row.value)]));
  }

  size(task: string): number {
    return Number(this.#db.prepare('SELECT count(*) AS size FROM answers WHERE task = ?').get(task)?.size ?? 0);
  }

  close(): void {
    this.#db.close();
  }

  #inTransaction(act: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      act();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}
