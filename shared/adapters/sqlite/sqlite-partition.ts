import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LogRecord, ReadResult, Topic } from '#ports/log.ts';
import { type EncodedRow, lastDelta } from './encode-append.ts';
import { isWholeBatch } from './encode-record-batch.ts';
import type { AppendedPart } from './log-write.ts';
import { batchTable } from './open-database.ts';
import { RecordBatch } from './record-batch.ts';
import type { RowCache } from './row-cache.ts';

/** A read ends after about so many bytes of rows: a thousand large documents do not come at once. */
const readBytesMax = 8 * 1024 * 1024;
const readAheadBytesMax = 256 * 1024;
const readAheadRowsMax = 100;

type StoredRow = [base: number, next: number, at: number, batch: Uint8Array];

/** One table, as it is read: what is committed, and nothing else. */
export class SqlitePartition {
  /** A lower bound of the end: what this process has committed or seen. */
  knownEnd = 0;
  readonly #partition: number;
  readonly #cache: RowCache;
  readonly #cachedRows: RecordBatch[] = [];
  readonly #db: DatabaseSync;
  readonly #table: string;
  readonly #statements = new Map<string, StatementSync>();

  constructor(options: { db: DatabaseSync; cache: RowCache; topic: Topic; partition: number }) {
    this.#db = options.db;
    this.#cache = options.cache;
    this.#partition = options.partition;
    this.#table = batchTable(options.topic, options.partition);
  }

  /** After the commit: only now may anybody see the rows. @returns the offset of each record */
  appended(rows: readonly EncodedRow[], { bases, at }: AppendedPart): number[] {
    const offsets: number[] = [];
    for (const [index, row] of rows.entries()) {
      const base = bases[index]!;
      for (let place = 0; place < row.count; place++) offsets.push(base + (row.deltas?.[place] ?? place));
      const next = base + lastDelta(row) + 1;
      const bytes = Buffer.from(row.bytes.buffer);
      this.#cache.add(this.#cachedRows, new RecordBatch(this.#partition, { base, next, at, bytes }));
      this.knownEnd = Math.max(this.knownEnd, next);
    }
    return offsets;
  }

  read(from: number, recordsMax: number): ReadResult {
    const records: LogRecord[] = [];
    let nextOffset = from;
    let sizeBytes = 0;
    while (records.length < recordsMax && sizeBytes < readBytesMax) {
      const batch = this.#rowFrom(nextOffset, { isReadingOn: true });
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
    const tail = this.#prepare('SELECT next FROM @ ORDER BY base DESC LIMIT 1').get() as [number] | undefined;
    this.knownEnd = Math.max(this.knownEnd, tail?.[0] ?? 0);
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

  forget(below: number): void {
    this.#cache.removeBelow(this.#cachedRows, below);
  }

  /** The row that has `offset`, or the first one after it. Whoever reads on gets small ones after it into the cache too. */
  #rowFrom(offset: number, { isReadingOn = false } = {}): RecordBatch | null {
    const cached = this.#cache.find(this.#cachedRows, offset);
    if (cached !== null) return cached;
    // Looks at `next` before it touches the large value, so asking at the end costs no row.
    const row = this.#prepare(
      `SELECT base, next, at, batch FROM @
       WHERE base >= coalesce((SELECT max(base) FROM @ WHERE base <= ?1), 0) AND next > ?1 ORDER BY base LIMIT 1`,
    ).get(offset) as StoredRow | undefined;
    if (row === undefined) return null;
    const batch = this.#keep(row);
    if (batch === null) {
      throw new FlotillaError('log-unavailable', {
        where: `${this.#table} at offset ${row[0]}`,
        why: 'a row of the log is damaged',
        fix: 'restore the log from a copy, or move it away to begin with an empty one',
      });
    }
    if (isReadingOn) this.#readAhead(batch);
    return batch;
  }

  /** A journal has many small rows, and all of them are read at every start: one question for each would be slow. */
  #readAhead(from: RecordBatch): void {
    let { sizeBytes } = from;
    if (sizeBytes >= readAheadBytesMax) return;
    const select = this.#prepare('SELECT base, next, at, batch FROM @ WHERE base >= ? ORDER BY base LIMIT ?');
    for (const row of select.iterate(from.next, readAheadRowsMax) as Iterable<unknown> as Iterable<StoredRow>) {
      const batch = this.#keep(row);
      if (batch === null) return; // damaged: whoever gets there is told
      sizeBytes += batch.sizeBytes;
      if (sizeBytes >= readAheadBytesMax) return;
    }
  }

  /** @returns null when it is damaged */
  #keep([base, next, at, value]: StoredRow): RecordBatch | null {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (!isWholeBatch(bytes)) return null;
    const batch = new RecordBatch(this.#partition, { base, next, at, bytes });
    this.#cache.add(this.#cachedRows, batch);
    return batch;
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
