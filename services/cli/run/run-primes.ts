import { decodeJournal } from '#contracts/journal-codec.ts';
import { runMoney } from '#core/caps/cap-scopes.ts';
import type { Nanodollars } from '#core/money.ts';
import type { View } from '#core/view.ts';
import type { Log, LogRecord } from '#ports/log.ts';

const recordsPerRead = 1_000;
/** How both records go on after their version: the others need not be parsed, and there are many. */
const kind = Buffer.from(',"kind":"PRIME');
const kindAt = '{"v":1'.length;

/** What was bought for a run only to write cache entries: a prime is its reserve until it is known what it cost. */
export class RunPrimes {
  readonly #log: Log;
  readonly #scope: string;
  readonly #byId = new Map<string, { cost: Nanodollars; isPrimed: boolean }>();
  #next = 0;

  constructor(log: Log, run: string) {
    this.#log = log;
    this.#scope = runMoney(run);
  }

  /** Folds what has come since. */
  async update(): Promise<void> {
    for (;;) {
      const query = { topic: 'journal', partition: 0, from: this.#next, recordsMax: recordsPerRead } as const;
      const { records, nextOffset, isAtEnd } = await this.#log.read(query);
      for (const record of records) this.#add(record);
      this.#next = nextOffset;
      if (isAtEnd) return;
    }
  }

  /** @param view knows which of them the journal took: a cap may have had no room */
  bought({ primes, pastPrimes }: Pick<View, 'primes' | 'pastPrimes'>): { count: number; cost: Nanodollars } {
    const costs = [...this.#byId].flatMap(([id, { cost }]) =>
      cost > 0 && (primes.has(id) || pastPrimes.has(id)) ? [cost] : [],
    );
    return { count: costs.length, cost: costs.reduce((sum, cost) => sum + cost, 0) };
  }

  #add({ value, at }: LogRecord): void {
    if (!kind.equals(value.subarray(kindAt, kindAt + kind.length))) return;
    const record = decodeJournal(value, at);
    const known = 'id' in record ? this.#byId.get(record.id) : undefined;
    if (record.kind === 'PRIME' && this.#scope in record.reserve && !known) {
      this.#byId.set(record.id, { cost: record.reserve[this.#scope] ?? 0, isPrimed: false });
    }
    if (record.kind === 'PRIMED' && known && !known.isPrimed) {
      this.#byId.set(record.id, { cost: record.actual[this.#scope] ?? 0, isPrimed: true });
    }
  }
}
