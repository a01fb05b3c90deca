import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type EncodedRow, lastDelta } from './encode-append.ts';
import type { AppendedPart } from './log-write.ts';

interface Tail {
  next: number;
  at: number;
}

/** The writing side of one table, inside transactions only. */
export class PartitionWriter {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  /** Inside a transaction nobody else writes: read once per transaction. */
  #tail: Tail | null = null;

  constructor(db: DatabaseSync, table: string) {
    this.#select = db.prepare(`SELECT next, at FROM ${table} ORDER BY base DESC LIMIT 1`);
    this.#insert = db.prepare(`INSERT INTO ${table} (base, next, at, batch) VALUES (?, ?, ?, ?)`);
    // The newest row stays: it says where the partition ends.
    this.#delete = db.prepare(
      `DELETE FROM ${table} WHERE base IN (
        SELECT base FROM ${table} WHERE base < ?1 AND next <= ?1 AND base < (SELECT max(base) FROM ${table})
        ORDER BY base LIMIT ?2
      )`,
    );
  }

  beginTransaction(): void {
    this.#tail = null;
  }

  append(rows: readonly EncodedRow[], now: number): AppendedPart {
    const tail = this.#tail ?? this.#readTail();
    const at = Math.max(tail.at, now);
    let { next } = tail;
    const bases = rows.map(row => {
      const base = next + row.leadingGap;
      next = base + lastDelta(row) + 1;
      this.#insert.run(base, next, at, row.bytes);
      return base;
    });
    this.#tail = { next, at };
    return { bases, at };
  }

  /** At most `rowsMax` rows that lie entirely below an offset. @returns how many */
  prune(below: number, rowsMax: number): number {
    return Number(this.#delete.run(below, rowsMax).changes);
  }

  #readTail(): Tail {
    const row = this.#select.get() as { next: number; at: number } | undefined;
    return row === undefined ? { next: 0, at: 0 } : { next: row.next, at: row.at };
  }
}
