import { decodeJournal } from '#contracts/journal-codec.ts';
import { runMoney } from '#core/caps/cap-scopes.ts';
import { journalVersion } from '#core/journal.ts';
import type { Money } from '#core/money.ts';
import { PrimeCosts } from '#core/prompt-cache/prime-costs.ts';
import type { View } from '#core/view.ts';
import type { Log, LogRecord } from '#ports/log.ts';
import { readTopic } from '#runtime/read-topic.ts';

/** How both records go on after their version: the others need not be parsed, and there are many. */
const kind = Buffer.from(',"kind":"PRIME');
const kindAt = `{"v":${journalVersion}`.length;

/** What was bought for a run only to write cache entries. */
export class RunPrimes {
  readonly #log: Log;
  readonly #scope: string;
  readonly #costs: PrimeCosts;
  readonly #marks = new Map<number, number>();

  constructor(log: Log, run: string) {
    this.#log = log;
    this.#scope = runMoney(run);
    this.#costs = new PrimeCosts(({ reserve }) => this.#scope in reserve);
  }

  /** Folds what has come since. */
  async update(): Promise<void> {
    for await (const record of readTopic(this.#log, 'journal', this.#marks)) this.#add(record);
  }

  /** @param view knows which of them the journal took: a cap may have had no room */
  bought({ primes, pastPrimes }: Pick<View, 'primes' | 'pastPrimes'>): { count: number; cost: Money } {
    const costs = [...this.#costs.all].flatMap(([id, { amounts }]) => {
      const cost = amounts[this.#scope] ?? 0;
      return cost > 0 && (primes.has(id) || pastPrimes.has(id)) ? [cost] : [];
    });
    return { count: costs.length, cost: costs.reduce((sum, cost) => sum + cost, 0) };
  }

  #add({ value, at }: LogRecord): void {
    if (!kind.equals(value.subarray(kindAt, kindAt + kind.length))) return;
    const record = decodeJournal(value, at);
    if (record.kind !== 'UNKNOWN') this.#costs.add(record);
  }
}
