import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LogRecord } from '#ports/log.ts';
import { batchPrefixBytes, batchVersion, recordPrefixBytes } from './encode-record-batch.ts';
import { readHeaderSet } from './header-set.ts';

/** What a decoded record costs in memory beside its bytes, about. */
const recordOverheadBytes = 300;

export interface BatchRow {
  /** Offset of the first record. */
  base: number;
  /** Offset after the last. */
  next: number;
  at: number;
  bytes: Buffer;
}

/**
 * A stored row, read record by record, each decoded once. Values are parts of the row's memory: whoever keeps one value
 * keeps the row, about 1 MB at most. Records and their headers are shared between readers and MUST NOT be changed.
 */
export class RecordBatch {
  readonly base: number;
  readonly next: number;
  readonly count: number;
  readonly sizeBytes: number;
  readonly #at: number;
  readonly #partition: number;
  readonly #bytes: Buffer;
  readonly #isSparse: boolean;
  readonly #records: (LogRecord | undefined)[];
  #headersAt = 0;
  #headers: Readonly<Record<string, string>> = {};

  /** @throws FlotillaError log-newer */
  constructor(partition: number, { base, next, at, bytes }: BatchRow) {
    if (bytes[0] !== batchVersion) throw new FlotillaError('log-newer', { why: `batch version ${bytes[0]}` });
    this.base = base;
    this.next = next;
    this.count = bytes.readUInt32LE(4);
    this.sizeBytes = bytes.byteLength + this.count * recordOverheadBytes;
    this.#at = at;
    this.#partition = partition;
    this.#bytes = bytes;
    this.#isSparse = bytes[1] === 1;
    this.#records = new Array(this.count);
  }

  record(index: number): LogRecord {
    const known = this.#records[index];
    if (known !== undefined) return known;
    const record = this.#decode(index);
    this.#records[index] = record;
    return record;
  }

  offset(index: number): number {
    if (!this.#isSparse) return this.base + index;
    return this.base + this.#bytes.readUInt32LE(batchPrefixBytes + (this.count + index) * 4);
  }

  /** Index of the first record at or beyond `offset`; `count` when there is none. */
  indexFrom(offset: number): number {
    if (!this.#isSparse) return Math.min(this.count, Math.max(0, offset - this.base));
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offset(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The record with exactly this offset. */
  find(offset: number): LogRecord | null {
    const index = this.indexFrom(offset);
    return index < this.count && this.offset(index) === offset ? this.record(index) : null;
  }

  #decode(index: number): LogRecord {
    const bytes = this.#bytes;
    const start = bytes.readUInt32LE(batchPrefixBytes + index * 4);
    const keySize = bytes.readUInt32LE(start + 4);
    const keyAt = start + recordPrefixBytes;
    const valueAt = keyAt + Math.max(0, keySize - 1);
    return {
      key: keySize === 0 ? null : bytes.toString('utf8', keyAt, valueAt),
      value: bytes.subarray(valueAt, valueAt + bytes.readUInt32LE(start + 8)),
      headers: this.#headersOf(bytes.readUInt32LE(start)),
      partition: this.#partition,
      offset: this.offset(index),
      at: this.#at,
    };
  }

  #headersOf(headersAt: number): Readonly<Record<string, string>> {
    if (headersAt !== this.#headersAt) {
      this.#headers = headersAt === 0 ? {} : readHeaderSet(this.#bytes, headersAt);
      this.#headersAt = headersAt;
    }
    return this.#headers;
  }
}
