import type { DatabaseSync } from 'node:sqlite';
import type { Topic } from '#ports/log.ts';
import { FenceTable } from './fence-table.ts';
import type { LogWrite, LogWritten } from './log-write.ts';
import { batchTable } from './open-database.ts';
import { PartitionWriter } from './partition-writer.ts';
import { PositionTable } from './position-table.ts';

/** Performs groups of writes on one connection, each group in a transaction of its own. */
export class LogWriter {
  readonly #db: DatabaseSync;
  readonly #now: () => number;
  readonly #partitions = new Map<string, PartitionWriter>();
  readonly #positions: PositionTable;
  readonly #fences: FenceTable;

  constructor(db: DatabaseSync, now: () => number) {
    this.#db = db;
    this.#now = now;
    this.#positions = new PositionTable(db);
    this.#fences = new FenceTable(db);
  }

  /** On disk when it returns. Dying before that, or throwing, leaves nothing of the group. */
  write(group: readonly LogWrite[]): LogWritten[] {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const partition of this.#partitions.values()) partition.beginTransaction();
      const written = group.map(write => this.#perform(write));
      this.#db.exec('COMMIT');
      return written;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #perform(write: LogWrite): LogWritten {
    switch (write.is) {
      case 'append':
        return this.#append(write);
      case 'take-fence':
        return { is: 'taken', epoch: this.#fences.take(write.shard) };
      case 'prune': {
        const { topic, partition, below, rowsMax } = write;
        return { is: 'pruned', rows: this.#partition(topic, partition).prune(below, rowsMax) };
      }
    }
  }

  #append({ parts, fence }: Extract<LogWrite, { is: 'append' }>): LogWritten {
    if (fence !== null && !this.#fences.isHeld(fence)) return { is: 'fenced' };
    const now = this.#now();
    const appended = parts.map(({ topic, partition, rows, positions }) => {
      this.#positions.save(positions);
      return this.#partition(topic, partition).append(rows, now);
    });
    return { is: 'appended', parts: appended };
  }

  #partition(topic: Topic, partition: number): PartitionWriter {
    const table = batchTable(topic, partition);
    const known = this.#partitions.get(table);
    if (known !== undefined) return known;
    const writer = new PartitionWriter(this.#db, table);
    this.#partitions.set(table, writer);
    return writer;
  }

  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself: a full disk does that
    }
  }
}
