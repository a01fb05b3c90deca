import type { AnswerPolicyName } from './answer-policy.ts';
import type { EvictionPolicy } from './eviction-policy.ts';
import { createPolicy } from './pick-policy.ts';

interface Held<Value> {
  value: Value;
  /** By the caller's clock, ms. */
  at: number;
}

export interface IndexBounds {
  entriesMax: number;
  ttlMs: number;
  policy: AnswerPolicyName;
}

/** Values by key, bounded by a policy and by their age. What `get` finds is never older than the time to live. */
export class BoundedIndex<Value> {
  readonly #held = new Map<string, Held<Value>>();
  #policy: EvictionPolicy;
  #bounds: IndexBounds;
  /** Met after their time, and told with the next `put`. */
  #expired: string[] = [];

  constructor(bounds: IndexBounds) {
    this.#bounds = bounds;
    this.#policy = createPolicy(bounds.policy, bounds);
  }

  get size(): number {
    return this.#held.size;
  }

  get policy(): AnswerPolicyName {
    return this.#bounds.policy;
  }

  /** @param options.isUse false: the policy does not learn of it */
  get(key: string, { now, isUse = true }: { now: number; isUse?: boolean }): Value | null {
    const held = this.#held.get(key);
    if (held === undefined) return null;
    if (now - held.at >= this.#bounds.ttlMs) {
      this.delete(key);
      this.#expired.push(key);
      return null;
    }
    if (isUse) this.#policy.use(key);
    return held.value;
  }

  /** @param at when it was made. @returns the keys that have gone since the last `put` */
  put(key: string, value: Value, at: number): readonly string[] {
    const gone = this.#policy.has(key) ? [] : this.#policy.add(key);
    for (const each of gone) this.#held.delete(each);
    this.#held.set(key, { value, at });
    const expired = this.#expired.filter(each => !this.#held.has(each));
    this.#expired = [];
    return [...gone, ...expired];
  }

  delete(key: string): void {
    if (this.#held.delete(key)) this.#policy.delete(key);
  }

  /** Goes on under other bounds. Another policy begins with what is there. @returns the keys that had to go */
  bound(bounds: IndexBounds): readonly string[] {
    const before = this.#bounds;
    this.#bounds = bounds;
    if (before.policy === bounds.policy && before.entriesMax === bounds.entriesMax) return [];
    const next = createPolicy(bounds.policy, bounds);
    const gone = [...this.#policy.keys()].flatMap(key => next.add(key));
    this.#policy = next;
    for (const each of gone) this.#held.delete(each);
    return gone;
  }
}
