const tables = makeTables();
const [t0, t1, t2, t3] = tables as [Int32Array, Int32Array, Int32Array, Int32Array];

/** CRC-32C (Castagnoli), four bytes at a time: what a record batch carries. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  let crc = -1;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (t3[word & 0xff] as number) ^
      (t2[(word >>> 8) & 0xff] as number) ^
      (t1[(word >>> 16) & 0xff] as number) ^
      (t0[word >>> 24] as number);
  }
  for (; at < to; at++) crc = (t0[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc;
}

function makeTables(): Int32Array[] {
  const made = Array.from({ length: 4 }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
    (made[0] as Int32Array)[byte] = crc;
  }
  for (let level = 1; level < 4; level++) {
    const [before, table] = [made[level - 1] as Int32Array, made[level] as Int32Array];
    for (let byte = 0; byte < 256; byte++) {
      const crc = before[byte] as number;
      table[byte] = (crc >>> 8) ^ ((made[0] as Int32Array)[crc & 0xff] as number);
    }
  }
  return made;
}
