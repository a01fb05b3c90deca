import { type AnswerPolicyName, answerPolicies, answerPolicyDefault } from './answer-policy.ts';
import type { EvictionPolicy } from './eviction-policy.ts';
import { LruTenth } from './lru-tenth.ts';
import { S3Fifo } from './s3-fifo.ts';

export function createPolicy(name: AnswerPolicyName, options: { entriesMax: number }): EvictionPolicy {
  return name === 'lru-10' ? new LruTenth(options) : new S3Fifo(options);
}

/** Keys between two decisions, and of a larger cache so many times its entries. */
const windowKeysMin = 1_000;
const windowFactor = 2;
/** A change costs what the new policy has not learnt yet: it has to be better by this share of hits. */
const betterBy = 0.02;

/**
 * Runs every policy on the keys of a task beside each other, without any answers, and says which one would have found most.
 * A pure function of the keys it was shown.
 */
export class PolicyPicker {
  readonly #windowKeys: number;
  readonly #shadows: readonly { name: AnswerPolicyName; policy: EvictionPolicy; hits: number }[];
  #keys = 0;
  #picked: AnswerPolicyName = answerPolicyDefault;

  constructor({ entriesMax }: { entriesMax: number }) {
    this.#windowKeys = Math.max(windowKeysMin, windowFactor * entriesMax);
    this.#shadows = answerPolicies.map(name => ({ name, policy: createPolicy(name, { entriesMax }), hits: 0 }));
  }

  get picked(): AnswerPolicyName {
    return this.#picked;
  }

  /** The next key that is asked for. */
  see(key: string): void {
    for (const shadow of this.#shadows) {
      if (shadow.policy.use(key)) shadow.hits += 1;
      else shadow.policy.add(key);
    }
    this.#keys += 1;
    if (this.#keys >= this.#windowKeys) this.#pick();
  }

  #pick(): void {
    const hitsOf = (name: AnswerPolicyName): number => this.#shadows.find(shadow => shadow.name === name)?.hits ?? 0;
    const best = this.#shadows.reduce((a, b) => (b.hits > a.hits ? b : a));
    if (best.hits > hitsOf(this.#picked) * (1 + betterBy)) this.#picked = best.name;
    this.#keys = 0;
    for (const shadow of this.#shadows) shadow.hits = 0;
  }
}
