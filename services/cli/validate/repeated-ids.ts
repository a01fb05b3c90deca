import { hash } from 'node:crypto';

const slotsMin = 1 << 14;
/** 12 bytes a slot: at most 96 MiB. Ids beyond it are not compared any more. */
const slotsMax = 1 << 23;
const fillMax = 0.7;

/**
 * Tells ids that were seen before, from 64 bits of their hash and the line of the first: 12 bytes an id, so that a file of
 * any length can be checked. Two of a million ids are taken for one with a chance of 1 to 40 million.
 */
export class RepeatedIds {
  #high = new Uint32Array(slotsMin);
  #low = new Uint32Array(slotsMin);
  /** 0: the slot is free. */
  #lines = new Uint32Array(slotsMin);
  #count = 0;

  /** True once there was no room for more: what is found then is not all. */
  get isFull(): boolean {
    return this.#lines.length === slotsMax && this.#count >= slotsMax * fillMax;
  }

  /** @returns the line that had this id before, or null when this one is the first */
  add(id: string, line: number): number | null {
    const digest = hash('sha256', id, 'buffer');
    const [high, low] = [digest.readUInt32LE(0), digest.readUInt32LE(4)];
    let slot = this.#slotOf(high, low);
    if (this.#lines[slot] !== 0) return this.#lines[slot] as number;
    if (this.#count >= this.#lines.length * fillMax) {
      if (this.#lines.length === slotsMax) return null;
      this.#grow();
      slot = this.#slotOf(high, low);
    }
    this.#put(slot, { high, low, line });
    this.#count += 1;
    return null;
  }

  /** The slot that holds this hash, or the free one where it would be put. */
  #slotOf(high: number, low: number): number {
    const mask = this.#lines.length - 1;
    let slot = low & mask;
    while (this.#lines[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low)) slot = (slot + 1) & mask;
    return slot;
  }

  #put(slot: number, { high, low, line }: { high: number; low: number; line: number }): void {
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#lines[slot] = line;
  }

  #grow(): void {
    const [highs, lows, lines] = [this.#high, this.#low, this.#lines];
    this.#high = new Uint32Array(lines.length * 2);
    this.#low = new Uint32Array(lines.length * 2);
    this.#lines = new Uint32Array(lines.length * 2);
    for (const [index, line] of lines.entries()) {
      if (line === 0) continue;
      const [high, low] = [highs[index] as number, lows[index] as number];
      this.#put(this.#slotOf(high, low), { high, low, line });
    }
  }
}
