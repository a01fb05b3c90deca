/** A line above the bound: only its beginning is kept. */
export interface OversizedLine {
  head: Buffer;
}

/** One line without its line break; bytes, for a chunk may end inside a character. */
export type SplitLine = Buffer | OversizedLine;

export interface LineSplitter {
  /** The lines that end in this chunk. They may point into it. */
  push(chunk: Uint8Array): SplitLine[];
  /** What was left without a line break. */
  end(): SplitLine[];
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;

/** Enough for the `custom_id` at the start of a line, which has 64 characters at most. */
const HEAD_BYTES = 1_024;

/** What is first set aside for a line that goes on in the next chunk. */
const PENDING_BYTES_MIN = 4_096;

/**
 * Cuts a stream of bytes into lines. States: a line is *whole* (in one chunk, not copied), *pending* (its beginning
 * is held, never more than `lineBytesMax`) or *oversized* (only its head is held, the rest is dropped as it comes).
 * Blank lines are left out.
 */
export function createLineSplitter(options: { lineBytesMax: number }): LineSplitter {
  const { lineBytesMax } = options;
  let pending: Buffer | null = null;
  let pendingBytes = 0;
  let head: Buffer | null = null;

  const hold = (part: Buffer): void => {
    if (head !== null || part.length === 0) return;
    if (pendingBytes + part.length > lineBytesMax + 1) {
      head = takeHead(pending?.subarray(0, pendingBytes), part);
      pending = null;
      pendingBytes = 0;
      return;
    }
    pending = grow({ buffer: pending, usedBytes: pendingBytes, neededBytes: pendingBytes + part.length });
    pendingBytes += part.copy(pending, pendingBytes);
  };

  const finish = (part: Buffer): SplitLine => {
    if (pending === null && head === null) return bound(part, lineBytesMax);
    hold(part);
    const line = head === null ? bound(pending!.subarray(0, pendingBytes), lineBytesMax) : { head };
    pending = null;
    pendingBytes = 0;
    head = null;
    return line;
  };

  return {
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const lines: SplitLine[] = [];
      let start = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
        const line = finish(chunk.subarray(start, at));
        if (!isBlank(line)) lines.push(line);
        start = at + 1;
      }
      hold(chunk.subarray(start));
      return lines;
    },
    end() {
      const line = finish(Buffer.alloc(0));
      return isBlank(line) ? [] : [line];
    },
  };
}

/** Cuts a trailing carriage return, which does not count, and what is above the bound. */
function bound(line: Buffer, lineBytesMax: number): SplitLine {
  const bytes = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
  return bytes.length > lineBytesMax ? { head: takeHead(bytes, Buffer.alloc(0)) } : bytes;
}

/** A copy, so that what it came from can go. */
function takeHead(first: Buffer | undefined, second: Buffer): Buffer {
  return Buffer.concat([(first ?? Buffer.alloc(0)).subarray(0, HEAD_BYTES), second.subarray(0, HEAD_BYTES)]).subarray(
    0,
    HEAD_BYTES,
  );
}

/** Doubles, so that a line that comes byte by byte is copied a few times and not once per byte. */
function grow(options: { buffer: Buffer | null; usedBytes: number; neededBytes: number }): Buffer {
  const { buffer, usedBytes, neededBytes } = options;
  if (buffer !== null && buffer.length >= neededBytes) return buffer;
  const grown = Buffer.allocUnsafeSlow(Math.max(neededBytes, PENDING_BYTES_MIN, (buffer?.length ?? 0) * 2));
  buffer?.copy(grown, 0, 0, usedBytes);
  return grown;
}

function isBlank(line: SplitLine): boolean {
  if (!Buffer.isBuffer(line)) return false;
  if (line.length === 0) return true;
  return line[0]! <= SPACE && line.toString('latin1').trim() === '';
}
