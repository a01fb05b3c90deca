/** Reads Kafka's wire types one after the other; what it returns as bytes is a part of the same memory. */
export class ByteReader {
  offset = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  skip(count: number): void {
    this.offset += count;
  }

  int8(): number {
    return this.bytes.readInt8(this.offset++);
  }

  int16(): number {
    this.offset += 2;
    return this.bytes.readInt16BE(this.offset - 2);
  }

  int32(): number {
    this.offset += 4;
    return this.bytes.readInt32BE(this.offset - 4);
  }

  /** Offsets and times: below 2^53 by far, except producer ids of other programs, which are only compared. */
  int64(): number {
    this.offset += 8;
    return this.bytes.readInt32BE(this.offset - 8) * 0x1_0000_0000 + this.bytes.readUInt32BE(this.offset - 4);
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.slice(length).toString();
  }

  array<T>(read: (reader: this) => T): T[] {
    const length = this.int32();
    return Array.from({ length: Math.max(0, length) }, () => read(this));
  }

  /** Zigzag, at most 32 bits. */
  varint(): number {
    const value = this.unsignedVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zigzag, at most 64 bits: differences of times. @throws RangeError beyond the end */
  varlong(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** @throws RangeError beyond the end */
  unsignedVarint(): number {
    let byte = this.#byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; ; shift += 7) {
      byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Length + 1 before it, 0 for none: the strings of newer requests. */
  compactString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.slice(length).toString();
  }

  compactArray<T>(read: (reader: this) => T): T[] {
    const length = this.unsignedVarint() - 1;
    return Array.from({ length: Math.max(0, length) }, () => read(this));
  }

  skipTags(): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }

  /** @throws RangeError beyond the end */
  slice(length: number): Buffer {
    const start = this.offset;
    if (length < 0 || start + length > this.bytes.length) throw new RangeError('it ends in the middle of a value');
    this.offset = start + length;
    return this.bytes.subarray(start, start + length);
  }

  #byte(): number {
    const byte = this.bytes[this.offset++];
    if (byte === undefined) throw new RangeError('it ends in the middle of a value');
    return byte;
  }
}
