import type { LogRecord } from '#ports/log.ts';
import { ByteReader } from './byte-reader.ts';
import { batchOverheadBytes } from './encode-record-batch.ts';

/** The head of a record batch, version 2, and its records as they were sent. */
export interface RawBatch {
  base: number;
  /** Offset after the last record, also when compaction has taken that away. */
  next: number;
  count: number;
  codec: number;
  producerId: number;
  isTransactional: boolean;
  /** Of a control batch, how the transaction of its producer ended; null for a batch of records. */
  marker: 'commit' | 'abort' | null;
  firstAt: number;
  /** Set where the log's clock counts, and then of every record. */
  appendedAt: number | null;
  payload: Buffer;
}

const codecMask = 0x07;
const logAppendTimeFlag = 0x08;
const transactionalFlag = 0x10;
const controlFlag = 0x20;
const magicOfVersion2 = 2;
const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** The batches of a reply. The last one may be cut off: replies are cut by bytes, and it comes again. */
export function splitBatches(bytes: Buffer): RawBatch[] {
  const batches: RawBatch[] = [];
  const reader = new ByteReader(bytes);
  while (reader.left >= batchOverheadBytes) {
    const base = reader.int64();
    const length = reader.int32();
    if (length > reader.left) break;
    batches.push(readBatch(base, new ByteReader(reader.slice(length))));
  }
  return batches;
}

function readBatch(base: number, reader: ByteReader): RawBatch {
  reader.skip(4); // leader epoch
  const magic = reader.int8();
  if (magic !== magicOfVersion2) throw new Error(`a batch of version ${magic} is not known`);
  reader.skip(4); // checksum: see README
  const attributes = reader.int16();
  const next = base + reader.int32() + 1;
  const firstAt = reader.int64();
  const lastAt = reader.int64();
  const producerId = reader.int64();
  reader.skip(6); // epoch and sequence
  const count = reader.int32();
  const payload = reader.slice(reader.left);
  return {
    base,
    next,
    count,
    codec: attributes & codecMask,
    producerId,
    isTransactional: (attributes & transactionalFlag) !== 0,
    marker: attributes & controlFlag ? markerOf(payload) : null,
    firstAt,
    appendedAt: attributes & logAppendTimeFlag ? lastAt : null,
    payload,
  };
}

/** The key of the one record of a control batch is its version and its type. */
function markerOf(payload: Buffer): 'commit' | 'abort' {
  const reader = new ByteReader(payload);
  reader.varint();
  reader.skip(1);
  reader.varlong();
  reader.varint();
  reader.varint();
  reader.skip(2);
  return reader.int16() === 0 ? 'abort' : 'commit';
}

/**
 * The records of a batch from its uncompressed payload. Values are parts of that memory: whoever keeps one keeps it all.
 * @throws RangeError when it ends too early
 */
export function readRecords(batch: RawBatch, payload: Buffer, partition: number): LogRecord[] {
  const reader = new ByteReader(payload);
  const records: LogRecord[] = new Array(batch.count);
  for (let index = 0; index < batch.count; index++) records[index] = readRecord(batch, reader, partition);
  return records;
}

function readRecord({ base, firstAt, appendedAt }: RawBatch, reader: ByteReader, partition: number): LogRecord {
  reader.varint(); // length
  reader.skip(1); // attributes
  const after = reader.varlong();
  const offset = base + reader.varint();
  const keyLength = reader.varint();
  const key = keyLength < 0 ? null : reader.slice(keyLength).toString();
  const value = reader.slice(Math.max(0, reader.varint()));
  const headers = readHeaders(reader);
  return { key, value, headers, partition, offset, at: appendedAt ?? firstAt + after };
}

/** Of headers with the same name the last one counts, as it does for Java's `lastHeader`. */
function readHeaders(reader: ByteReader): Readonly<Record<string, string>> {
  const count = reader.varint();
  if (count === 0) return noHeaders;
  const headers: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    const name = reader.slice(reader.varint()).toString();
    const text = reader.slice(Math.max(0, reader.varint())).toString();
    // Names come from anyone: one of them must not become the object's prototype.
    if (name === '__proto__') Object.defineProperty(headers, name, { value: text, enumerable: true });
    else headers[name] = text;
  }
  return headers;
}
