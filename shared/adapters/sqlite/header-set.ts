/**
 * The headers of a record, as one text: a string costs much the same to read whatever its length, so names and values
 * are read as one and cut apart. Little endian:
 *
 *     u32 headers, u32 bytes of the text, u32 × 2 × headers UTF-16 length of each name and value, text as UTF-8
 */
export interface HeaderSet {
  readonly text: string;
  readonly lengths: readonly number[];
  /** Size of the text as UTF-8. */
  readonly textBytes: number;
}

const prefixBytes = 8;

/** @returns `previous` itself when it says the same, so that it is stored once; null for no headers */
export function toHeaderSet(headers: Readonly<Record<string, string>>, previous: HeaderSet | null): HeaderSet | null {
  let text = '';
  const lengths: number[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    text += name;
    text += value;
    lengths.push(name.length, value.length);
  }
  if (lengths.length === 0) return null;
  if (previous !== null && previous.text === text && isSame(previous.lengths, lengths)) return previous;
  return { text, lengths, textBytes: Buffer.byteLength(text) };
}

export function headerSetBytes(set: HeaderSet): number {
  return prefixBytes + set.lengths.length * 4 + set.textBytes;
}

/** @returns where it ends */
export function writeHeaderSet(set: HeaderSet, bytes: Buffer, start: number): number {
  let at = bytes.writeUInt32LE(set.lengths.length / 2, start);
  at = bytes.writeUInt32LE(set.textBytes, at);
  for (const length of set.lengths) at = bytes.writeUInt32LE(length, at);
  return at + bytes.write(set.text, at);
}

export function readHeaderSet(bytes: Buffer, start: number): Record<string, string> {
  const count = bytes.readUInt32LE(start);
  const textAt = start + prefixBytes + count * 8;
  const text = bytes.toString('utf8', textAt, textAt + bytes.readUInt32LE(start + 4));
  const headers: Record<string, string> = {};
  let lengthAt = start + prefixBytes;
  let from = 0;
  for (let index = 0; index < count; index++) {
    const middle = from + bytes.readUInt32LE(lengthAt);
    const to = middle + bytes.readUInt32LE(lengthAt + 4);
    setOwn(headers, text.slice(from, middle), text.slice(middle, to));
    lengthAt += 8;
    from = to;
  }
  return headers;
}

/** A plain assignment to `__proto__` would be lost. */
function setOwn(headers: Record<string, string>, name: string, value: string): void {
  if (name !== '__proto__') headers[name] = value;
  else Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
}

function isSame(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((length, index) => length === right[index]);
}
