import type { NewRecord } from '#ports/log.ts';
import { ByteWriter, varintSize } from './byte-writer.ts';
import { crc32c } from './crc32c.ts';

/** Who wrote a batch, and as which of its batches: the broker recognises one that comes again. */
export interface BatchIdentity {
  producerId: number;
  epoch: number;
  /** Of the first record. */
  sequence: number;
  isTransactional: boolean;
}

const magic = 2;
const transactionalFlag = 0x10;
const lengthAt = 8;
const crcAt = 17;
const attributesAt = 21;
/** What a batch has around its records. */
export const batchOverheadBytes = 61;

const emptyEntries: [string, string][] = [];

/** Kafka's record batch, version 2, not compressed. The offset is the broker's to fill in. */
export function encodeRecordBatch(records: readonly NewRecord[], identity: BatchIdentity, now: number): Buffer {
  let sizeBytes = batchOverheadBytes;
  for (const record of records) sizeBytes += recordSizeMax(record);
  const writer = new ByteWriter(sizeBytes);
  writer.int64(0).int32(0).int32(-1).int8(magic).int32(0);
  writer.int16(identity.isTransactional ? transactionalFlag : 0).int32(records.length - 1);
  writer.int64(now).int64(now);
  writer.int64(identity.producerId).int16(identity.epoch).int32(identity.sequence).int32(records.length);
  for (const [index, record] of records.entries()) writeRecord(writer, record, index);
  writer.setInt32(writer.length - lengthAt - 4, lengthAt);
  const bytes = writer.finish();
  writer.setInt32(crc32c(bytes, attributesAt, bytes.length), crcAt);
  return bytes;
}

/** At most what it takes in a batch. */
export function recordSizeMax({ key, value, headers }: NewRecord): number {
  let sizeBytes = 30 + (key === null ? 0 : key.length * 3) + value.length;
  for (const name in headers) sizeBytes += 10 + name.length * 3 + (headers[name] as string).length * 3;
  return sizeBytes;
}

function writeRecord(writer: ByteWriter, { key, value, headers }: NewRecord, index: number): void {
  const keySize = key === null ? -1 : Buffer.byteLength(key);
  const entries = isEmpty(headers) ? emptyEntries : Object.entries(headers);
  let sizeBytes = 2 + varintSize(index); // attributes and a time difference of zero
  sizeBytes += varintSize(keySize) + Math.max(0, keySize);
  sizeBytes += varintSize(value.length) + value.length + varintSize(entries.length);
  for (const [name, text] of entries) sizeBytes += textSize(name) + textSize(text);
  writer.varint(sizeBytes).int8(0).varint(0).varint(index).varint(keySize);
  if (key !== null) writer.text(key);
  writer.varint(value.length).raw(value).varint(entries.length);
  for (const [name, text] of entries) {
    writer.varint(Buffer.byteLength(name)).text(name);
    writer.varint(Buffer.byteLength(text)).text(text);
  }
}

function isEmpty(headers: Readonly<Record<string, string>>): boolean {
  for (const _ in headers) return false;
  return true;
}

function textSize(text: string): number {
  const sizeBytes = Buffer.byteLength(text);
  return varintSize(sizeBytes) + sizeBytes;
}
