import { crc32 } from 'node:zlib';
import type { NewRecord } from '#ports/log.ts';
import { type HeaderSet, headerSetBytes, toHeaderSet, writeHeaderSet } from './header-set.ts';

/**
 * Many records as one value, because a row per record costs more than the record. Little endian:
 *
 *     u8 version, u8 isSparse, u16 0, u32 count, u32 CRC-32 of all the rest
 *     u32 × count   where each record begins
 *     u32 × count   offset of each minus that of the first; only when sparse, else 0, 1, 2 …
 *     records, and before the first that uses it a header set (`header-set.ts`)
 *
 *     record: u32 where its header set begins or 0, u32 bytes of the key + 1 or 0 for none, u32 bytes of the value,
 *             key, value
 */
export const batchVersion = 1;
export const batchPrefixBytes = 12;
const checksumAt = 8;
export const recordPrefixBytes = 12;

/** @param deltas offset of each record minus that of the first, ascending; null when there are no gaps */
export function encodeRecordBatch(
  records: readonly NewRecord[],
  deltas: readonly number[] | null,
): Buffer<ArrayBuffer> {
  const count = records.length;
  const headerSets = toHeaderSets(records);
  const keySizes = records.map(({ key }) => (key === null ? 0 : Buffer.byteLength(key) + 1));
  const bytes = Buffer.allocUnsafeSlow(sizeOf(records, headerSets, keySizes, deltas));
  bytes[0] = batchVersion;
  bytes[1] = deltas === null ? 0 : 1;
  bytes.writeUInt16LE(0, 2);
  bytes.writeUInt32LE(count, 4);
  let at = batchPrefixBytes + count * 4;
  if (deltas !== null) for (const delta of deltas) at = bytes.writeUInt32LE(delta, at);

  let headersAt = 0;
  for (let index = 0; index < count; index++) {
    const { key, value } = records[index]!;
    const set = headerSets[index]!;
    if (set !== null && (index === 0 || set !== headerSets[index - 1])) {
      headersAt = at;
      at = writeHeaderSet(set, bytes, at);
    }
    bytes.writeUInt32LE(at, batchPrefixBytes + index * 4);
    bytes.writeUInt32LE(set === null ? 0 : headersAt, at);
    bytes.writeUInt32LE(keySizes[index]!, at + 4);
    bytes.writeUInt32LE(value.byteLength, at + 8);
    at += recordPrefixBytes;
    if (key !== null) at += bytes.write(key, at);
    bytes.set(value, at);
    at += value.byteLength;
  }
  bytes.writeUInt32LE(checksumOf(bytes), checksumAt);
  return bytes;
}

/** SQLite notices damage to its own structure, not to what is stored in it. */
export function isWholeBatch(bytes: Buffer): boolean {
  return bytes.byteLength >= batchPrefixBytes && bytes.readUInt32LE(checksumAt) === checksumOf(bytes);
}

function checksumOf(bytes: Buffer): number {
  return crc32(bytes.subarray(batchPrefixBytes), crc32(bytes.subarray(0, checksumAt)));
}

/** Equal neighbours share one object. */
function toHeaderSets(records: readonly NewRecord[]): (HeaderSet | null)[] {
  let last: NewRecord['headers'] | null = null;
  let set: HeaderSet | null = null;
  return records.map(({ headers }) => {
    if (headers !== last) set = toHeaderSet(headers, set);
    last = headers;
    return set;
  });
}

function sizeOf(
  records: readonly NewRecord[],
  headerSets: readonly (HeaderSet | null)[],
  keySizes: readonly number[],
  deltas: readonly number[] | null,
): number {
  let size = batchPrefixBytes + records.length * (deltas === null ? 4 : 8);
  for (let index = 0; index < records.length; index++) {
    const set = headerSets[index]!;
    size += recordPrefixBytes + Math.max(0, keySizes[index]! - 1) + records[index]!.value.byteLength;
    if (set !== null && (index === 0 || set !== headerSets[index - 1])) size += headerSetBytes(set);
  }
  return size;
}
