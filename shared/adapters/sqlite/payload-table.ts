import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Payloads that did not fit into memory. All but `read` inside a transaction. */
export class PayloadTable {
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeOld: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('SELECT payload FROM payloads WHERE bk = ?');
    this.#upsert = db.prepare('INSERT OR REPLACE INTO payloads (bk, at, payload) VALUES (?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM payloads WHERE bk = ?');
    this.#removeOld = db.prepare('DELETE FROM payloads WHERE at < ?');
  }

  read(bk: string): Uint8Array | null {
    return (this.#select.get(bk) as { payload: Uint8Array } | undefined)?.payload ?? null;
  }

  put(bk: string, payload: Uint8Array, at: number): void {
    this.#upsert.run(bk, at, payload);
  }

  delete(bk: string): void {
    this.#remove.run(bk);
  }

  sweep(before: number): void {
    this.#removeOld.run(before);
  }
}
