import type { DatabaseSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Fence, Log, LogRecord, Mark, Position, ReadQuery, ReadResult, Topic } from '#ports/log.ts';
import { ChangeWatcher } from './change-watcher.ts';
import { createSqliteFence } from './create-sqlite-fence.ts';
import { type EncodedAppend, encodeAppend } from './encode-append.ts';
import { FenceTable } from './fence-table.ts';
import { GroupCommit } from './group-commit.ts';
import { readPartitionCounts } from './open-database.ts';
import { PositionTable } from './position-table.ts';
import { RowCache } from './row-cache.ts';
import { SqlitePartition } from './sqlite-partition.ts';
import { toLogError } from './to-log-error.ts';

/** Rows deleted in one transaction: nobody waits long for the write lock. */
const pruneRowsMax = 256;

export interface SqliteLogOptions {
  db: DatabaseSync;
  path: string;
  gaps: (() => number) | null;
  now: () => number;
}

interface Prepared {
  partition: SqlitePartition;
  encoded: EncodedAppend;
}

/** The log in one file. Open until `close`, which writes what was asked for before it. */
export class SqliteLog implements Log {
  readonly path: string;
  /** For the payload store of the same file. */
  readonly db: DatabaseSync;
  readonly groupCommit: GroupCommit;
  readonly now: () => number;
  readonly #gaps: (() => number) | null;
  readonly #partitions: ReadonlyMap<Topic, readonly SqlitePartition[]>;
  readonly #positions: PositionTable;
  readonly #fences: FenceTable;
  readonly #watcher: ChangeWatcher;
  #isClosed = false;

  constructor({ db, path, gaps, now }: SqliteLogOptions) {
    this.db = db;
    this.path = path;
    this.now = now;
    this.#gaps = gaps;
    const cache = new RowCache();
    const partitions = [...readPartitionCounts(db)].map(([topic, length]) => {
      const list = Array.from({ length }, (_, partition) => new SqlitePartition({ db, cache, topic, partition }));
      return [topic, list] as const;
    });
    this.#partitions = new Map(partitions);
    const all = partitions.flatMap(([, list]) => list);
    this.#positions = new PositionTable(db);
    this.#fences = new FenceTable(db);
    this.#watcher = new ChangeWatcher(db, () => {
      for (const partition of all) partition.refreshEnd();
    });
    this.groupCommit = new GroupCommit({
      db,
      path,
      began: () => {
        for (const partition of all) partition.beginTransaction();
      },
      ended: () => this.#watcher.notify(),
    });
  }

  partitions(topic: Topic): number {
    return this.#partitions.get(topic)?.length ?? 0;
  }

  async append(write: Append): Promise<{ offsets: number[]; at: number }> {
    const [appended] = await this.#write([this.#prepare(write)], () => {});
    return appended!;
  }

  async read(query: ReadQuery): Promise<ReadResult> {
    const partition = this.#partition(query.topic, query.partition);
    return this.#reading(() => partition.read(query.from, query.recordsMax));
  }

  async readAt(query: { topic: Topic; partition: number; offsets: readonly number[] }): Promise<(LogRecord | null)[]> {
    const partition = this.#partition(query.topic, query.partition);
    return this.#reading(() => partition.readAt(query.offsets));
  }

  async endOffset(topic: Topic, number: number): Promise<number> {
    const partition = this.#partition(topic, number);
    return this.#reading(() => partition.refreshEnd());
  }

  async waitForMore(marks: readonly Mark[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const waits = marks.map(({ topic, partition, from }) => ({ partition: this.#partition(topic, partition), from }));
    this.#reading(() => {
      for (const { partition } of waits) partition.refreshEnd();
    });
    await this.#watcher.wait(() => waits.some(({ partition, from }) => partition.knownEnd > from), timeoutMs, signal);
  }

  async fence(shard: number): Promise<Fence> {
    const epoch = await this.groupCommit.write({ run: () => this.#fences.take(shard) });
    return createSqliteFence<Prepared>({
      shard,
      encode: write => this.#prepare(write),
      write: (writes, check) => this.#write(writes, check),
      check: () => this.#reading(() => this.#fences.check(shard, epoch)),
    });
  }

  async assigned(_group: string, topic: Topic): Promise<{ partition: number; generation: number }[]> {
    return Array.from({ length: this.partitions(topic) }, (_, partition) => ({ partition, generation: 0 }));
  }

  async position(group: string, topic: Topic, partition: number): Promise<Position | null> {
    return this.#reading(() => this.#positions.read(group, topic, partition));
  }

  async commitPosition(position: Position): Promise<void> {
    await this.groupCommit.write({ run: () => this.#positions.save([position]) });
  }

  /** The first offset still kept; the end when nothing was ever appended. */
  /** The first offset appended at `at` (ms since the epoch) or later; the end when there is none. */
  async offsetSince(topic: Topic, number: number, at: number): Promise<number> {
    const partition = this.#partition(topic, number);
    return this.#reading(() => partition.offsetSince(at));
  }

  async oldestOffset(topic: Topic, number: number): Promise<number> {
    const partition = this.#partition(topic, number);
    return this.#reading(() => partition.oldestOffset());
  }

  /**
   * Deletes the rows that lie entirely below an offset, except the newest. The space is used again by later appends;
   * the file does not shrink. Dying in between leaves some of them: prune again.
   */
  async prune({ topic, partition: number, below }: { topic: Topic; partition: number; below: number }): Promise<void> {
    const partition = this.#partition(topic, number);
    for (;;) {
      const deleted = await this.groupCommit.write({ run: () => partition.prune(below, pruneRowsMax) });
      partition.forget(below);
      if (deleted < pruneRowsMax) return;
    }
  }

  /** Bytes in use, pruned space not counted. */
  async bytes(): Promise<number> {
    return this.#reading(() => {
      const read = (pragma: string): number =>
        Object.values(this.db.prepare(`PRAGMA ${pragma}`).get() as Record<string, number>)[0]!;
      return (read('page_count') - read('freelist_count')) * read('page_size');
    });
  }

  /** Writes what was asked for, wakes whoever waits, and lets go of the file. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.groupCommit.close();
    this.#isClosed = true;
    this.#watcher.close();
    this.db.close();
  }

  #prepare(write: Append): Prepared {
    return { partition: this.#partition(write.topic, write.partition), encoded: encodeAppend(write, this.#gaps) };
  }

  async #write(writes: readonly Prepared[], check: () => void): Promise<{ offsets: number[]; at: number }[]> {
    const appended: ReturnType<SqlitePartition['append']>[] = [];
    await this.groupCommit.write({
      sizeBytes: writes.reduce((sum, { encoded }) => sum + encoded.sizeBytes, 0),
      run: () => {
        check();
        const now = this.now();
        for (const { partition, encoded } of writes) {
          appended.push(partition.append(encoded, now));
          this.#positions.save(encoded.positions);
        }
      },
      committed: () => {
        for (const { committed } of appended) committed();
      },
    });
    return appended.map(({ offsets, at }) => ({ offsets, at }));
  }

  #partition(topic: Topic, number: number): SqlitePartition {
    const partition = this.#partitions.get(topic)?.[number];
    if (partition === undefined) throw new RangeError(`${topic} has no partition ${number}`);
    return partition;
  }

  #reading<T>(read: () => T): T {
    if (this.#isClosed) throw new FlotillaError('log-unavailable', { where: this.path, why: 'the log is closed' });
    try {
      return read();
    } catch (error) {
      if (error instanceof RangeError && !('errcode' in error) && error.message.includes('has no partition'))
        throw error;
      throw toLogError(error, this.path);
    }
  }
}
