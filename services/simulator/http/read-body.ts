import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { apiError } from '../machine/api-error.ts';
import { ApiFailure } from './api-failure.ts';

const decoders = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
} as const;

/** The JSON of a request, decompressed if need be. @throws ApiFailure 400 or 413 */
export function readBody(request: FastifyRequest, bytesMax: number): unknown {
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const text = decoded(raw, request.headers['content-encoding'], bytesMax).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiFailure(apiError('invalid_request_error', 'The request body is not valid JSON.'));
  }
}

function decoded(raw: Buffer, encoding: string | undefined, bytesMax: number): Buffer {
  if (encoding === undefined || encoding === 'identity') return raw;
  if (!Object.hasOwn(decoders, encoding)) {
    throw new ApiFailure(apiError('invalid_request_error', `Content-Encoding ${encoding} is not supported.`));
  }
  try {
    return decoders[encoding as keyof typeof decoders](raw, { maxOutputLength: bytesMax });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (!isTooLarge) throw new ApiFailure(apiError('invalid_request_error', `The body is not valid ${encoding}.`));
    const errorCode = 'request_body_too_large_after_decoding';
    throw new ApiFailure(apiError('request_too_large', 'Request exceeds the maximum size', { errorCode }));
  }
}
