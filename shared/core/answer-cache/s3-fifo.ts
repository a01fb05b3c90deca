import type { EvictionPolicy } from './eviction-policy.ts';

/** A key that was used more often is not told apart. */
const usesMax = 3;
/** In the small queue: one more access soon after the first is common, and says little. */
const usesToProve = 2;
/** Share of the entries that what is new has to prove itself in. */
const smallShare = 0.1;

/**
 * `s3-fifo`: what is new enters a small queue. Asked for twice more, it moves on to the main queue at the end of the small one;
 * else it goes, and its name is kept for a while among the ghosts: a ghost that comes back enters the main queue at once. So a
 * flood of keys that come once passes by what is asked for often.
 *
 * Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
 */
export class S3Fifo implements EvictionPolicy {
  readonly #entriesMax: number;
  readonly #smallMax: number;
  /** First in, first out; with the uses since the key came or was passed over. */
  readonly #small = new Map<string, number>();
  readonly #main = new Map<string, number>();
  readonly #ghosts = new Set<string>();

  constructor({ entriesMax }: { entriesMax: number }) {
    this.#entriesMax = entriesMax;
    this.#smallMax = Math.max(1, Math.floor(entriesMax * smallShare));
  }

  get size(): number {
    return this.#small.size + this.#main.size;
  }

  has(key: string): boolean {
    return this.#small.has(key) || this.#main.has(key);
  }

  use(key: string): boolean {
    for (const queue of [this.#small, this.#main]) {
      const uses = queue.get(key);
      if (uses === undefined) continue;
      if (uses < usesMax) queue.set(key, uses + 1); // a Map keeps the place of a key that it has
      return true;
    }
    return false;
  }

  add(key: string): readonly string[] {
    const gone: string[] = [];
    while (this.size >= this.#entriesMax) gone.push(this.#evict());
    const wasHereBefore = this.#ghosts.delete(key);
    (wasHereBefore ? this.#main : this.#small).set(key, 0);
    return gone;
  }

  delete(key: string): void {
    if (!this.#small.delete(key)) this.#main.delete(key);
  }

  *keys(): Iterable<string> {
    yield* this.#small.keys();
    yield* this.#main.keys();
  }

  #evict(): string {
    while (this.#small.size > 0 && (this.#small.size >= this.#smallMax || this.#main.size === 0)) {
      const [key, uses] = firstOf(this.#small);
      this.#small.delete(key);
      if (uses < usesToProve) return this.#toGhosts(key);
      this.#main.set(key, 0);
    }
    for (;;) {
      const [key, uses] = firstOf(this.#main);
      this.#main.delete(key);
      if (uses === 0) return key;
      this.#main.set(key, uses - 1); // each turn lowers a count, so it ends
    }
  }

  #toGhosts(key: string): string {
    this.#ghosts.add(key);
    for (const oldest of this.#ghosts) {
      if (this.#ghosts.size <= this.#entriesMax) break;
      this.#ghosts.delete(oldest);
    }
    return key;
  }
}

const firstOf = (queue: ReadonlyMap<string, number>): [string, number] =>
  queue.entries().next().value as [string, number];
