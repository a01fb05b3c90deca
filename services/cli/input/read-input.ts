import { open } from 'node:fs/promises';
import { rejectHeader } from '#contracts/intake-reject.ts';
import { headerNames } from '#core/headers.ts';
import { documentBytesMax } from '#core/limits.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { resolveReference } from '../run/resolve-reference.ts';
import { type ReadChunk, splitInput } from '../run/split-input.ts';
import { fileFault } from './file-fault.ts';

/** A line as intake would append it: references brought in, lines that are too long cut. */
export interface InputRecord {
  value: Uint8Array;
  headers: Readonly<Record<string, string>>;
  /** From 1. */
  line: number;
  /** Length of the line in the file. */
  bytes: number;
}

const referenceMark = Buffer.from('"ref"');

/**
 * The records of an input, without appending them anywhere. Memory is bounded, whatever the file holds.
 * @param options.path `-` reads standard input
 * @throws FlotillaError input-unreadable
 */
export async function* readInput({ path, task }: { path: string; task: string | null }): AsyncGenerator<InputRecord> {
  const headers = task === null ? {} : { [headerNames.task]: task };
  const input = await openInput(path);
  let line = 0;
  try {
    for await (const lines of splitInput(input.read, 0)) {
      for (const { bytes, length } of lines) {
        line += 1;
        if (length > documentBytesMax) {
          yield { value: bytes, headers: { ...headers, [rejectHeader]: 'document-too-large' }, line, bytes: length };
        } else if (bytes.includes(referenceMark)) {
          const resolved = await resolveReference(bytes, path === '-' ? 'stdin' : path);
          yield { value: resolved.value, headers: { ...headers, ...resolved.headers }, line, bytes: length };
        } else {
          yield { value: bytes, headers, line, bytes: length };
        }
      }
    }
  } finally {
    await input.close();
  }
}

async function openInput(path: string): Promise<{ read: ReadChunk; close(): Promise<void> }> {
  if (path === '-') return { read: readStdin(), close: async () => {} };
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new Error('it is a folder');
    }
    const read: ReadChunk = async (at, buffer) => (await file.read(buffer, 0, buffer.length, at)).bytesRead;
    return { read, close: () => file.close() };
  } catch (cause) {
    throw new FlotillaError('input-unreadable', { where: path, why: fileFault(cause), cause });
  }
}

/** Standard input comes in pieces of its own sizes, and only once. */
function readStdin(): ReadChunk {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  return async (_position, buffer) => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done) return 0;
      rest = next.value;
    }
    const copied = rest.copy(buffer);
    rest = rest.subarray(copied);
    return copied;
  };
}
