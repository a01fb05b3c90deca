import type { Append, NewRecord } from '#ports/log.ts';
import { encodeRecordBatch } from './encode-record-batch.ts';

const rowBytesMax = 1024 * 1024;
/** What a record takes beside its value, about. */
const recordOverheadBytes = 64;

export interface EncodedRow {
  /** Offsets left out before the first record. */
  leadingGap: number;
  /** Offset of each record minus that of the first; null when there are no gaps. */
  deltas: number[] | null;
  count: number;
  /** Alone in its memory, so that it can change threads without being copied. */
  bytes: Uint8Array<ArrayBuffer>;
}

export interface EncodedAppend {
  topic: Append['topic'];
  partition: number;
  positions: NonNullable<Append['positions']>;
  rows: EncodedRow[];
  sizeBytes: number;
}

/**
 * Copies an append into rows of about 1 MiB at most, whatever of it the caller changes afterwards.
 *
 * @param gaps how many offsets to leave out before a record; null for none
 */
export function encodeAppend(write: Append, gaps: (() => number) | null): EncodedAppend {
  const rows = cut(write.records).map(records => encodeRow(records, gaps));
  const sizeBytes = rows.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  return { topic: write.topic, partition: write.partition, positions: write.positions ?? [], rows, sizeBytes };
}

function encodeRow(records: readonly NewRecord[], gaps: (() => number) | null): EncodedRow {
  if (gaps === null)
    return { leadingGap: 0, deltas: null, count: records.length, bytes: encodeRecordBatch(records, null) };
  const leadingGap = gaps();
  const deltas = [0];
  while (deltas.length < records.length) deltas.push(deltas[deltas.length - 1]! + 1 + gaps());
  return { leadingGap, deltas, count: records.length, bytes: encodeRecordBatch(records, deltas) };
}

/** Offset of its last record minus that of the first. */
export const lastDelta = ({ deltas, count }: EncodedRow): number => deltas?.[count - 1] ?? count - 1;

function cut(records: readonly NewRecord[]): (readonly NewRecord[])[] {
  const cuts: (readonly NewRecord[])[] = [];
  let start = 0;
  let sizeBytes = 0;
  for (let index = 0; index < records.length; index++) {
    const recordBytes = records[index]!.value.byteLength + recordOverheadBytes;
    if (index > start && sizeBytes + recordBytes > rowBytesMax) {
      cuts.push(records.slice(start, index));
      start = index;
      sizeBytes = 0;
    }
    sizeBytes += recordBytes;
  }
  if (start < records.length) cuts.push(start === 0 ? records : records.slice(start));
  return cuts;
}
