import { documentBytesMax } from '#core/limits.ts';

/** A line of the input: its bytes, or the first of them when it is longer than a document may be. */
export interface InputLine {
  bytes: Buffer;
  /** Where the line begins in the file. */
  at: number;
  /** Length without the line break, also when `bytes` is only its head. */
  length: number;
  /** Where the next line begins: reading that goes on there finds the same lines as reading that never stopped. */
  nextAt: number;
}

const chunkBytes = 1024 * 1024;
const headBytes = 1024;

export type ReadChunk = (position: number, buffer: Buffer) => Promise<number>;

/**
 * Splits a file into lines, from a byte position on, in groups of about a megabyte. Memory is bounded whatever the file
 * holds: a line above the limit is passed over, keeping its head. A line break at the very end adds no line.
 */
export async function* splitInput(read: ReadChunk, from: number): AsyncGenerator<InputLine[]> {
  let position = from;
  let rest = Buffer.alloc(0);
  let skipped: { head: Buffer; at: number; length: number } | null = null;
  for (;;) {
    const buffer = Buffer.allocUnsafe(rest.length + chunkBytes);
    rest.copy(buffer);
    const bytesRead = await read(position, buffer.subarray(rest.length));
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, rest.length + bytesRead);
    const chunkAt = position - rest.length;
    position += bytesRead;
    const lines: InputLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (skipped) lines.push(endOf(skipped, { more: end, lineBreak: 1 }));
      else lines.push(lineOf(chunk, { start, end, at: chunkAt + start }));
      skipped = null;
      start = end + 1;
    }
    rest = chunk.subarray(start);
    if (skipped) {
      skipped.length += rest.length;
      rest = Buffer.alloc(0);
    } else if (rest.length > documentBytesMax + 1) {
      // One more than a document may have: that one may be the first half of a line break.
      skipped = { head: Buffer.from(rest.subarray(0, headBytes)), at: chunkAt + start, length: rest.length };
      rest = Buffer.alloc(0);
    }
    if (lines.length > 0) yield lines;
  }
  if (skipped) yield [endOf(skipped, { more: 0, lineBreak: 0 })];
  else if (rest.length > 0) yield [lineOf(rest, { start: 0, end: rest.length, at: position - rest.length })];
}

function endOf(
  skipped: { head: Buffer; at: number; length: number },
  { more, lineBreak }: { more: number; lineBreak: number },
): InputLine {
  const length = skipped.length + more;
  return { bytes: skipped.head, at: skipped.at, length, nextAt: skipped.at + length + lineBreak };
}

function lineOf(chunk: Buffer, { start, end, at }: { start: number; end: number; at: number }): InputLine {
  const hasReturn = end > start && chunk[end - 1] === 13;
  const length = end - start - (hasReturn ? 1 : 0);
  const kept = length > documentBytesMax ? headBytes : length;
  const lineBreak = end < chunk.length ? 1 : 0;
  return { bytes: chunk.subarray(start, start + kept), at, length, nextAt: at + end - start + lineBreak };
}
