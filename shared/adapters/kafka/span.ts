import { headerNames } from '#core/headers.ts';
import type { LogRecord } from '#ports/log.ts';

/** What is known of a stretch of a partition, from `from` up to `next`: every visible record in it. Never changes. */
export interface Span {
  readonly from: number;
  readonly next: number;
  /** About what it costs in memory. */
  readonly sizeBytes: number;
  /** How many of its records lie before `offset`. */
  countBefore(offset: number): number;
  readonly count: number;
  /** Some of its records, by their places. */
  slice(first: number, end: number): LogRecord[];
  find(offset: number): LogRecord | null;
}

export function spanOfRecords(options: {
  from: number;
  next: number;
  sizeBytes: number;
  records: readonly LogRecord[];
}): Span {
  const { records } = options;
  const countBefore = (offset: number): number => {
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((records[middle] as LogRecord).offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    ...options,
    count: records.length,
    countBefore,
    slice: (first, end) => records.slice(first, end),
    find(offset) {
      const record = records[countBefore(offset)];
      return record?.offset === offset ? record : null;
    },
  };
}

/** Why the bytes of a record cannot be delivered, in a header of the record that stands for it. */
export const unreadableHeader = headerNames.unreadable;

/**
 * The records of a batch that cannot be unpacked: each offset has one, without its bytes, so that each is rejected by itself
 * and the partition goes on. They are made when asked for: a few bytes may claim millions.
 */
export function spanOfUnreadable(options: {
  from: number;
  base: number;
  next: number;
  partition: number;
  at: number;
  why: string;
}): Span {
  const { base, next, partition, at, why } = options;
  const headers = { [unreadableHeader]: why };
  const value = Buffer.alloc(0);
  const record = (offset: number): LogRecord => ({ key: null, value, headers, partition, offset, at });
  return {
    from: options.from,
    next,
    sizeBytes: 200,
    count: next - base,
    countBefore: offset => Math.min(next - base, Math.max(0, offset - base)),
    slice: (first, end) => Array.from({ length: end - first }, (_, index) => record(base + first + index)),
    find: offset => (offset >= base && offset < next ? record(offset) : null),
  };
}
