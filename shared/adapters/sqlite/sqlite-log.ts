import type { DatabaseSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Fence, Log, LogRecord, Mark, Position, ReadQuery, ReadResult, Topic } from '#ports/log.ts';
import { ChangeWatcher } from './change-watcher.ts';
import { createSqliteFence } from './create-sqlite-fence.ts';
import { type EncodedAppend, encodeAppend } from './encode-append.ts';
import { FenceTable } from './fence-table.ts';
import { GroupCommit } from './group-commit.ts';
import type { GroupWriter, HeldFence, LogWrite, LogWritten } from './log-write.ts';
import { readPartitionCounts } from './open-database.ts';
import { PositionTable } from './position-table.ts';
import { RowCache } from './row-cache.ts';
import { SqlitePartition } from './sqlite-partition.ts';
import { toLogError } from './to-log-error.ts';

/** Rows deleted in one transaction: nobody waits long for the write lock. */
const pruneRowsMax = 256;

export interface SqliteLogOptions {
  /** For reading; the writer may have a connection of its own. */
  db: DatabaseSync;
  path: string;
  writer: GroupWriter;
  gaps: (() => number) | null;
}

/** The log in one file. Open until `close`, which writes what was asked for before it. */
export class SqliteLog implements Log {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #groupCommit: GroupCommit;
  readonly #gaps: (() => number) | null;
  readonly #partitions: ReadonlyMap<Topic, readonly SqlitePartition[]>;
  readonly #positions: PositionTable;
  readonly #fences: FenceTable;
  readonly #watcher: ChangeWatcher;
  readonly #writer: GroupWriter;
  #closing: Promise<void> | null = null;
  #isClosed = false;

  constructor({ db, path, writer, gaps }: SqliteLogOptions) {
    this.#db = db;
    this.path = path;
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
    this.#writer = writer;
    this.#groupCommit = new GroupCommit({ writer, path, ended: () => this.#watcher.notify() });
  }

  partitions(topic: Topic): number {
    return this.#partitions.get(topic)?.length ?? 0;
  }

  async append(write: Append): Promise<{ offsets: number[]; at: number }> {
    const [appended] = await this.#write([this.#encode(write)], null);
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
    const { epoch } = await this.#perform('taken', { is: 'take-fence', shard });
    const held = { shard, epoch };
    return createSqliteFence<EncodedAppend>({
      shard,
      encode: write => this.#encode(write),
      write: parts => this.#write(parts, held),
      isHeld: () => this.#reading(() => this.#fences.isHeld(held)),
    });
  }

  async assigned(_group: string, topic: Topic): Promise<{ partition: number; generation: number }[]> {
    return Array.from({ length: this.partitions(topic) }, (_, partition) => ({ partition, generation: 0 }));
  }

  async position(group: string, topic: Topic, partition: number): Promise<Position | null> {
    return this.#reading(() => this.#positions.read(group, topic, partition));
  }

  async commitPosition(position: Position): Promise<void> {
    await this.append({ ...position, records: [], positions: [position] });
  }

  /** The first offset appended at `at` (ms since the epoch) or later; the end when there is none. */
  async offsetSince(topic: Topic, number: number, at: number): Promise<number> {
    const partition = this.#partition(topic, number);
    return this.#reading(() => partition.offsetSince(at));
  }

  /** The first offset still kept; the end when nothing was ever appended. */
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
      const write = { is: 'prune', topic, partition: number, below, rowsMax: pruneRowsMax } as const;
      const { rows } = await this.#perform('pruned', write);
      partition.forget(below);
      if (rows < pruneRowsMax) return;
    }
  }

  /** Bytes in use, pruned space not counted. */
  async bytes(): Promise<number> {
    return this.#reading(() => {
      const read = (pragma: string): number =>
        Object.values(this.#db.prepare(`PRAGMA ${pragma}`).get() as Record<string, number>)[0]!;
      return (read('page_count') - read('freelist_count')) * read('page_size');
    });
  }

  /** Writes what was asked for, wakes whoever waits, and lets go of the file. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#groupCommit.close();
    this.#isClosed = true;
    this.#watcher.close();
    await this.#writer.close();
    this.#db.close();
  }

  #encode(write: Append): EncodedAppend {
    this.#partition(write.topic, write.partition);
    return encodeAppend(write, this.#gaps);
  }

  async #write(parts: readonly EncodedAppend[], fence: HeldFence | null): Promise<{ offsets: number[]; at: number }[]> {
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    let appended: { offsets: number[]; at: number }[] = [];
    const committed = (written: LogWritten): void => {
      if (written.is !== 'appended') return;
      appended = written.parts.map((part, index) => {
        const { topic, partition, rows } = parts[index]!;
        return { offsets: this.#partition(topic, partition).appended(rows, part), at: part.at };
      });
    };
    const written = await this.#groupCommit.write({ is: 'append', parts, fence }, { sizeBytes, committed });
    if (written.is === 'fenced')
      throw new FlotillaError('fenced', { where: `shard ${fence?.shard}`, isRetryable: true });
    return appended;
  }

  async #perform<Is extends LogWritten['is']>(is: Is, write: LogWrite): Promise<Extract<LogWritten, { is: Is }>> {
    const written = await this.#groupCommit.write(write);
    if (written.is !== is) throw new FlotillaError('internal', { why: `${write.is} was answered with ${written.is}` });
    return written as Extract<LogWritten, { is: Is }>;
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
