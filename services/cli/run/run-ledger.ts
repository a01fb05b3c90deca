import { decodeSettled } from '#contracts/settled-codec.ts';
import { wasUnsent } from '#core/outcome.ts';
import { addToTallies, type CacheTallies, noTallies } from '#core/prompt-cache/cache-effect.ts';
import type { Log } from '#ports/log.ts';
import { readTopic } from '#runtime/read-topic.ts';

/** What a run has cost so far, from the settled topic: retries and waste included, each batch once. */
export class RunLedger {
  readonly #log: Log;
  readonly #run: string;
  /** By partition: what is folded. */
  readonly #marks = new Map<number, number>();
  readonly #known = new Set<string>();
  billed = 0;
  individual = 0;
  /** Batches with answers whose price is unknown. */
  unpriced = 0;
  retries = 0;
  /** Batches that were bought for it, alone or with others, and are settled. */
  batches = 0;
  /** Of those with a cache plan, each by its share. */
  cache: CacheTallies = noTallies;

  constructor(log: Log, run: string) {
    this.#log = log;
    this.#run = run;
  }

  /** Folds what has come since. */
  async update(): Promise<void> {
    for await (const { value } of readTopic(this.#log, 'settled', this.#marks)) this.#add(decodeSettled(value));
  }

  #add(settled: ReturnType<typeof decodeSettled>): void {
    if ('kind' in settled || this.#known.has(settled.bk)) return;
    this.#known.add(settled.bk);
    const spent = settled.runs[this.#run];
    const again = settled.retry.filter(row => !wasUnsent(row.cause));
    this.retries += again.filter(row => row.runs.includes(this.#run)).length;
    if (!spent) return;
    // What only gives answers again bought nothing; what has no price did.
    if (spent.cost > 0 || settled.cost === null) this.batches += 1;
    this.billed += spent.cost;
    this.individual += spent.individual;
    if (settled.cost === null) this.unpriced += 1;
    const all = Object.values(settled.runs).reduce((sum, { cost }) => sum + cost, 0);
    this.cache = addToTallies(this.cache, settled, all > 0 ? spent.cost / all : 1);
  }
}
