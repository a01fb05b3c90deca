import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompress } from 'node:zlib';

/** The fastest level: requests of a batch repeat each other, and that is found at any level. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** A payload below this takes a tenth of a millisecond at once, and four times as much by way of another thread. */
const atOnceBytes = 256 * 1024;

const compressAside = promisify(zstdCompress);
const decompressAside = promisify(zstdDecompress);

/**
 * A payload as it is kept: requests that share a prompt hold it once for each of them, and a thousand open batches of such
 * would be gigabytes.
 */
export async function packPayload(payload: Uint8Array): Promise<Buffer> {
  return payload.byteLength < atOnceBytes ? zstdCompressSync(payload, options) : compressAside(payload, options);
}

/** @returns null when the bytes are no packed payload, or one that grows beyond `bytesMax`: it is built again */
export async function unpackPayload(packed: Uint8Array, bytesMax: number): Promise<Buffer | null> {
  return decompressAside(packed, { maxOutputLength: bytesMax }).catch(() => null);
}
