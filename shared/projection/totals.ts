import type { DatabaseSync } from 'node:sqlite';

/** Counters over everything that was ever folded. */
export const totalNames = [
  'documents',
  'succeeded',
  'dead',
  'copies',
  'deadLetters',
  'sealedBatches',
  'sealedItems',
  'settledBatches',
  'settledDone',
  'settledDead',
  'settledRetry',
  'billed',
  'individual',
  'unpricedBatches',
] as const;
export type TotalName = (typeof totalNames)[number];

/** Adds in memory and writes once per transaction. */
export class Totals {
  readonly #added = new Map<TotalName, number>();
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  add(name: TotalName, by = 1): void {
    if (by !== 0) this.#added.set(name, (this.#added.get(name) ?? 0) + by);
  }

  /** Inside the transaction. */
  write(): void {
    const upsert = this.#db.prepare(
      'INSERT INTO totals (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2',
    );
    for (const [name, by] of this.#added) upsert.run(name, by);
    this.#added.clear();
  }

  read(): Record<TotalName, number> {
    const rows = this.#db.prepare('SELECT name, value FROM totals').all() as { name: TotalName; value: number }[];
    const known = new Map(rows.map(({ name, value }) => [name, value]));
    return Object.fromEntries(totalNames.map(name => [name, known.get(name) ?? 0])) as Record<TotalName, number>;
  }
}
