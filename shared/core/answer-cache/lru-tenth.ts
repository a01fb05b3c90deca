import type { EvictionPolicy } from './eviction-policy.ts';

/** `lru-10`: when it is full, the tenth that was used longest ago goes at once. */
export class LruTenth implements EvictionPolicy {
  readonly #entriesMax: number;
  /** In the order of use: the oldest first. */
  readonly #keys = new Set<string>();

  constructor({ entriesMax }: { entriesMax: number }) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  use(key: string): boolean {
    if (!this.#keys.delete(key)) return false;
    this.#keys.add(key);
    return true;
  }

  add(key: string): readonly string[] {
    const gone: string[] = [];
    if (this.#keys.size >= this.#entriesMax) {
      const count = Math.ceil(this.#entriesMax / 10);
      for (const oldest of this.#keys) {
        if (gone.length >= count) break;
        gone.push(oldest);
      }
      for (const oldest of gone) this.#keys.delete(oldest);
    }
    this.#keys.add(key);
    return gone;
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  keys(): Iterable<string> {
    return this.#keys;
  }
}
