import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { HeldFence } from './log-write.ts';

/** Who holds each shard: the one whose epoch is the newest. */
export class FenceTable {
  readonly #select: StatementSync;
  readonly #take: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('SELECT epoch FROM fences WHERE shard = ?');
    this.#take = db.prepare(
      'INSERT INTO fences (shard, epoch) VALUES (?, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING epoch',
    );
  }

  /** Inside a transaction. */
  take(shard: number): number {
    return (this.#take.get(shard) as { epoch: number }).epoch;
  }

  isHeld({ shard, epoch }: HeldFence): boolean {
    const row = this.#select.get(shard) as { epoch: number } | undefined;
    return row?.epoch === epoch;
  }
}
