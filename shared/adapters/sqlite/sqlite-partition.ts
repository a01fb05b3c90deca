import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LogRecord, ReadResult, Topic } from '#ports/log.ts';
import type { EncodedAppend } from './encode-append.ts';
import { isWholeBatch } from './encode-record-batch.ts';
import { batchTable } from './open-database.ts';
import { RecordBatch } from './record-batch.ts';
import type { RowCache } from './row-cache.ts';

/** A read ends after about so many bytes of rows: a thousand large documents do not come at once. */
const readBytesMax = 8 * 1024 * 1024;

interface Tail {
  next: number;
  at: number;
}

type StoredRow = [base: number, next: number, at: number, batch: Uint8Array];

/** One table. Writing happens inside a transaction of the group commit; reading sees what is committed. */
export class SqlitePartition {
  /** A lower bound of the end: what this process has committed or seen. */
  knownEnd = 0;
  readonly #partition: number;
  readonly #cache: RowCache;
  readonly #cachedRows: RecordBatch[] = [];
  readonly #db: DatabaseSync;
  readonly #table: string;
  readonly #statements = new Map<string, StatementSync>();
  /** Inside a transaction nobody else writes: read once per transaction. */
  #tail: Tail | null = null;

  constructor(options: { db: DatabaseSync; cache: RowCache; topic: Topic; partition: number }) {
    this.#db = options.db;
    this.#cache = options.cache;
    this.#partition = options.partition;
    this.#table = batchTable(options.topic, options.partition);
  }

  beginTransaction(): void {
    this.#tail = null;
  }

  /** Inside a transaction. Call `committed` after it: only then may anybody see the rows. */
  append(write: EncodedAppend, now: number): { offsets: number[]; at: number; committed: () => void } {
    const tail = this.#tail ?? this.#readTail();
    const at = Math.max(tail.at, now);
    const offsets: number[] = [];
    const batches: RecordBatch[] = [];
    let next = tail.next;
    for (const { leadingGap, deltas, count, bytes } of write.rows) {
      const base = next + leadingGap;
      for (let index = 0; index < count; index++) offsets.push(base + (deltas === null ? index : deltas[index]!));
      next = offsets[offsets.length - 1]! + 1;
      this.#prepare('INSERT INTO @ (base, next, at, batch) VALUES (?, ?, ?, ?)').run(base, next, at, bytes);
      batches.push(new RecordBatch(this.#partition, { base, next, at, bytes }));
    }
    this.#tail = { next, at };
    const committed = (): void => {
      this.knownEnd = Math.max(this.knownEnd, next);
      for (const batch of batches) this.#cache.add(this.#cachedRows, batch);
    };
    return { offsets, at, committed };
  }

  read(from: number, recordsMax: number): ReadResult {
    const records: LogRecord[] = [];
    let nextOffset = from;
    let sizeBytes = 0;
    while (records.length < recordsMax && sizeBytes < readBytesMax) {
      const batch = this.#rowFrom(nextOffset);
      if (batch === null) return { records, nextOffset, isAtEnd: true };
      const first = batch.indexFrom(nextOffset);
      const end = Math.min(batch.count, first + recordsMax - records.length);
      for (let index = first; index < end; index++) records.push(batch.record(index));
      nextOffset = end === batch.count ? batch.next : batch.offset(end);
      sizeBytes += batch.sizeBytes;
    }
    return { records, nextOffset, isAtEnd: false };
  }

  readAt(offsets: readonly number[]): (LogRecord | null)[] {
    let batch: RecordBatch | null = null;
    return offsets.map(offset => {
      if (batch === null || offset < batch.base || offset >= batch.next) batch = this.#rowFrom(offset);
      return batch === null || offset < batch.base ? null : batch.find(offset);
    });
  }

  /** Asks the file, so that it knows of other processes' appends. */
  refreshEnd(): number {
    this.knownEnd = Math.max(this.knownEnd, this.#readTail().next);
    return this.knownEnd;
  }

  /** The first offset that was appended at `at` or later; the end when there is none. */
  offsetSince(at: number): number {
    const row = this.#prepare('SELECT base FROM @ WHERE at >= ? ORDER BY base LIMIT 1').get(at) as [number] | undefined;
    return row?.[0] ?? this.refreshEnd();
  }

  oldestOffset(): number {
    const row = this.#prepare('SELECT base FROM @ ORDER BY base LIMIT 1').get() as [number] | undefined;
    return row?.[0] ?? 0;
  }

  /** Inside a transaction: at most `rowsMax` rows. The newest row stays: it says where the partition ends. */
  prune(below: number, rowsMax: number): number {
    const { changes } = this.#prepare(
      `DELETE FROM @ WHERE base IN (
        SELECT base FROM @ WHERE base < ?1 AND next <= ?1 AND base < (SELECT max(base) FROM @) ORDER BY base LIMIT ?2
      )`,
    ).run(below, rowsMax);
    return Number(changes);
  }

  forget(below: number): void {
    this.#cache.removeBelow(this.#cachedRows, below);
  }

  /** The row that has `offset`, or the first one after it. */
  #rowFrom(offset: number): RecordBatch | null {
    const cached = this.#cache.find(this.#cachedRows, offset);
    if (cached !== null) return cached;
    // Looks at `next` before it touches the large value, so asking at the end costs no row.
    const row = this.#prepare(
      `SELECT base, next, at, batch FROM @
       WHERE base >= coalesce((SELECT max(base) FROM @ WHERE base <= ?1), 0) AND next > ?1 ORDER BY base LIMIT 1`,
    ).get(offset) as StoredRow | undefined;
    if (row === undefined) return null;
    const [base, next, at, value] = row;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (!isWholeBatch(bytes)) {
      throw new FlotillaError('log-unavailable', {
        where: `${this.#table} at offset ${base}`,
        why: 'a row of the log is damaged',
        fix: 'restore the log from a copy, or move it away to begin with an empty one',
      });
    }
    const batch = new RecordBatch(this.#partition, { base, next, at, bytes });
    this.#cache.add(this.#cachedRows, batch);
    return batch;
  }

  #readTail(): Tail {
    const row = this.#prepare('SELECT next, at FROM @ ORDER BY base DESC LIMIT 1').get() as
      | [number, number]
      | undefined;
    return row === undefined ? { next: 0, at: 0 } : { next: row[0], at: row[1] };
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql.replaceAll('@', this.#table));
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}
