import type { LogRecord, NewRecord, ReadResult } from '#ports/log.ts';

export type TransactionState = 'open' | 'committed' | 'aborted';

interface HeldRecord {
  record: LogRecord;
  transaction: { readonly state: TransactionState } | null;
}

/**
 * One partition. Records up to the first one of an open transaction (the last stable offset) are in `committed`;
 * what lies behind it waits in `#held`, its offsets taken, until that transaction ends.
 */
export class MemoryPartition {
  /** Visible records, by offset. For reading only. */
  readonly committed: LogRecord[] = [];
  #held: HeldRecord[] = [];
  #nextOffset = 0;
  #lastAt = 0;
  readonly #waiting = new Map<() => void, number>();
  readonly #partition: number;
  readonly #gaps: () => number;
  readonly #now: () => number;

  constructor(partition: number, gaps: () => number, now: () => number) {
    this.#partition = partition;
    this.#gaps = gaps;
    this.#now = now;
  }

  /** High watermark. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Everything below is decided: readers come this far. */
  get stableOffset(): number {
    return this.#held.length > 0 ? this.#held[0]!.record.offset : this.#nextOffset;
  }

  append(
    records: readonly NewRecord[],
    transaction: { readonly state: TransactionState } | null,
  ): { offsets: number[]; at: number } {
    this.#lastAt = Math.max(this.#lastAt, this.#now());
    const at = this.#lastAt;
    const offsets: number[] = [];
    for (const { key, value, headers } of records) {
      const offset = this.#nextOffset + this.#gaps();
      this.#nextOffset = offset + 1;
      offsets.push(offset);
      const record = { key, value, headers, partition: this.#partition, offset, at };
      if (transaction === null && this.#held.length === 0) this.committed.push(record);
      else this.#held.push({ record, transaction });
    }
    this.#wake();
    return { offsets, at };
  }

  /** Writes the marker of a transaction that has ended: it takes an offset, and may let readers go on. */
  end(): void {
    this.#nextOffset += 1;
    let passed = 0;
    for (const { record, transaction } of this.#held) {
      if (transaction?.state === 'open') break;
      if (transaction?.state !== 'aborted') this.committed.push(record);
      passed += 1;
    }
    if (passed > 0) this.#held = this.#held.slice(passed);
    this.#wake();
  }

  read(from: number, recordsMax: number): ReadResult {
    const start = this.#indexOf(from);
    const records = this.committed.slice(start, start + recordsMax);
    const isAll = start + records.length === this.committed.length;
    if (isAll) return { records, nextOffset: Math.max(from, this.stableOffset), isAtEnd: true };
    return { records, nextOffset: records.length > 0 ? records[records.length - 1]!.offset + 1 : from, isAtEnd: false };
  }

  readAt(offset: number): LogRecord | null {
    const record = this.committed[this.#indexOf(offset)];
    return record?.offset === offset ? record : null;
  }

  /** Calls `wake` once readers can go beyond `from`; `stopWaiting` takes it back. */
  wait(from: number, wake: () => void): void {
    this.#waiting.set(wake, from);
  }

  stopWaiting(wake: () => void): void {
    this.#waiting.delete(wake);
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    const stableOffset = this.stableOffset;
    for (const [wake, from] of [...this.#waiting]) if (stableOffset > from) wake();
  }

  /** Index of the first visible record at or beyond `offset`. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.committed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.committed[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
