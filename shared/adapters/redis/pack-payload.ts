import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';

/** 32 MB: a prompt is found again however long it is. */
const windowLogMax = 25;
/** Most wait for their create for less time than packing them would take. */
const packedFromBytes = 256 * 1024;
/** How every zstd frame begins (RFC 8878); a payload begins with a bracket. */
const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * A payload as it is kept: documents that bring their prompt with them hold it once for each of them, and a thousand open batches
 * of such would be gigabytes.
 */
export async function packPayload(payload: Uint8Array): Promise<Buffer> {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return bytes.length < packedFromBytes ? bytes : compress(bytes, optionsFor(bytes.length));
}

/** The fastest level. It allocates its whole window each time, so that is no larger than what is packed. */
const optionsFor = (bytes: number) => ({
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    [constants.ZSTD_c_windowLog]: Math.min(windowLogMax, Math.ceil(Math.log2(bytes))),
  },
});

/** @returns null when it is packed and damaged, or would grow beyond `bytesMax`: the log has its documents */
export async function unpackPayload(kept: Buffer, bytesMax: number): Promise<Buffer | null> {
  if (!kept.subarray(0, magic.length).equals(magic)) return kept;
  return decompress(kept, { maxOutputLength: bytesMax }).catch(() => null);
}
