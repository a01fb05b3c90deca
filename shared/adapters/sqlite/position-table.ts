import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Position, Topic } from '#ports/log.ts';

/** Where each group has got to. The last one said counts, as on Kafka. */
export class PositionTable {
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare(
      'SELECT offset, metadata FROM positions WHERE consumer = ? AND topic = ? AND partition = ?',
    );
    this.#upsert = db.prepare(
      `INSERT INTO positions (consumer, topic, partition, offset, metadata) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET offset = excluded.offset, metadata = excluded.metadata`,
    );
  }

  read(group: string, topic: Topic, partition: number): Position | null {
    const row = this.#select.get(group, topic, partition) as { offset: number; metadata: string | null } | undefined;
    if (row === undefined) return null;
    const position = { group, topic, partition, offset: row.offset };
    return row.metadata === null ? position : { ...position, metadata: row.metadata };
  }

  /** Inside a transaction. */
  save(positions: readonly Position[]): void {
    for (const { group, topic, partition, offset, metadata } of positions) {
      this.#upsert.run(group, topic, partition, offset, metadata ?? null);
    }
  }
}
