import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';

/** The fastest level, which alone would find a prompt again only if it is short: the window is 32 MB. */
const options = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    [constants.ZSTD_c_windowLog]: 25,
  },
};
/** A thousand open batches of this are 64 MB: packing them costs more than it saves. */
const packedFromBytes = 64 * 1024;
/** How every zstd frame begins (RFC 8878); a payload begins with a brace. */
const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * A payload as it is kept: requests that share a prompt hold it once for each of them, and a thousand open batches of such
 * would be gigabytes.
 */
export async function packPayload(payload: Uint8Array): Promise<Buffer> {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return bytes.length < packedFromBytes ? bytes : compress(bytes, options);
}

/** @returns null when it is packed and damaged, or would grow beyond `bytesMax`: it is built again */
export async function unpackPayload(kept: Buffer, bytesMax: number): Promise<Buffer | null> {
  if (!kept.subarray(0, magic.length).equals(magic)) return kept;
  return decompress(kept, { maxOutputLength: bytesMax }).catch(() => null);
}
