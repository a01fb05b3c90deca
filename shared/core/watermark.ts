/**
 * The low watermark of a partition: below it every delivered record is sealed. Offsets have gaps, so it is counted from
 * what was delivered, never from offsets that ought to exist.
 */
export class Watermark {
  /** Delivered and not yet sealed, in the order of delivery (which is the order of offsets). */
  readonly #open = new Set<number>();
  /** The highest that was delivered. */
  #last = -1;
  #next: number;

  constructor(from: number) {
    this.#next = from;
  }

  /** A record was delivered and waits to be sealed. */
  delivered(offset: number): void {
    this.#open.add(offset);
    this.#last = offset;
  }

  isOpen(offset: number): boolean {
    return offset <= this.#last && this.#open.has(offset); // nearly always it is the first time
  }

  /** Reading has come as far as `next`: everything below was delivered or does not exist. */
  advancedTo(next: number): void {
    this.#next = next;
  }

  /** The record is claimed by a SEALED, ours or another's. */
  sealed(offset: number): void {
    this.#open.delete(offset);
  }

  /** What may be committed: the first delivered record that is not sealed, or where reading goes on. */
  value(): number {
    for (const offset of this.#open) return offset; // a Set keeps insertion order: the first is the lowest
    return this.#next;
  }
}
