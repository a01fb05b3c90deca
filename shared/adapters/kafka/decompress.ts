import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import createSnappy from 'kafkajs-snappy';
import { decompressFrame } from 'lz4-napi';

const gunzipAsync = promisify(gunzip);
const zstdDecompressAsync = promisify(zstdDecompress);
const snappy = createSnappy();

/** The bytes of a batch would grow beyond their bound. */
export class GrowsTooLarge extends Error {}

/**
 * The records of a batch, by the codec its attributes name, at most `bytesMax` of them: a megabyte of zeros compressed well
 * is gigabytes. Java, librdkafka and Debezium producers use all four by default or by habit.
 * @throws GrowsTooLarge; Error when the bytes are damaged, or the codec is none that is known
 */
export async function decompress(codec: number, bytes: Buffer, bytesMax: number): Promise<Buffer> {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return bounded(() => gunzipAsync(bytes, { maxOutputLength: bytesMax }));
    case 2:
      ensureBelow(snappySize(bytes), bytesMax);
      return snappy.decompress(bytes);
    case 3:
      ensureBelow(lz4SizeMax(bytes), bytesMax + lz4Slack);
      return decompressFrame(bytes);
    case 4:
      return bounded(() => zstdDecompressAsync(bytes, { maxOutputLength: bytesMax }));
    default:
      throw new Error(`no codec is known by the number ${codec}`);
  }
}

async function bounded(act: () => Promise<Buffer>): Promise<Buffer> {
  try {
    return await act();
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw new GrowsTooLarge();
    throw error;
  }
}

function ensureBelow(sizeBytes: number, bytesMax: number): void {
  if (sizeBytes > bytesMax) throw new GrowsTooLarge();
}

const xerialMagic = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0]);
const xerialHeaderBytes = 16;

/** What the parts say they hold: each begins with its size. */
function snappySize(bytes: Buffer): number {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return sizeBefore(bytes, 0);
  let sizeBytes = 0;
  for (let at = xerialHeaderBytes; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    sizeBytes += sizeBefore(bytes, at + 4);
    at += 4 + length;
  }
  return sizeBytes;
}

function sizeBefore(bytes: Buffer, from: number): number {
  let size = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[from + index] ?? 0;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) break;
  }
  return size;
}

const lz4Magic = 0x184d2204;
/** The last block of a frame is mostly not full, and the others are. */
const lz4Slack = 4 * 1024 * 1024;
const lz4BlockBytes: Readonly<Record<number, number>> = { 4: 0x1_0000, 5: 0x4_0000, 6: 0x10_0000, 7: 0x40_0000 };

/** Blocks times the size that none of them exceeds. https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
function lz4SizeMax(bytes: Buffer): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== lz4Magic) throw new Error('no lz4 frame');
  const flags = bytes[4] as number;
  const blockBytes = lz4BlockBytes[((bytes[5] as number) >> 4) & 7];
  if (blockBytes === undefined) throw new Error('no lz4 frame');
  const [hasChecksums, hasSize, hasDictionary] = [flags & 0x10, flags & 0x08, flags & 0x01];
  let sizeBytes = 0;
  for (let at = 7 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0); at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at) & 0x7fff_ffff;
    if (length === 0) break;
    sizeBytes += blockBytes;
    at += 4 + length + (hasChecksums ? 4 : 0);
  }
  return sizeBytes;
}
