import { accountMoney } from '#core/caps/cap-scopes.ts';
import type { PrimedRecord, PrimeRecord, SealedRecord } from '#core/journal.ts';
import type { Nanodollars } from '#core/money.ts';
import { cacheTtlMs } from '#core/prompt-cache/cache-minimums.ts';
import { marksSent } from '#core/prompt-cache/cache-plan.ts';

/** What of the journal tells of the cache. @property at when it was written, ms since the epoch */
export type CacheRecord = (SealedRecord | PrimeRecord | PrimedRecord) & { at: number };

interface BoughtPrime {
  bk: string;
  scope: string;
  cost: Nanodollars;
  isPrimed: boolean;
}

/**
 * Which batch of a run came first, and for which batch a prime was bought. The journal names no batch with a PRIME: the first of
 * a run and entry was for the run's first batch, and one that followed when the entry was over for the latest that was sealed.
 * Told in the order of the journal.
 */
export class CacheRuns {
  /** By recipe, account and run: when a batch of it was sealed last. */
  readonly #runs = new Map<string, number>();
  /** By entry. */
  readonly #behind = new Map<string, { first: string; latest: string; isPrimed: boolean }>();
  /** By id. */
  readonly #primes = new Map<string, BoughtPrime>();

  /** @returns whether its run had no batch before it; of documents without a run, whether all entries had to be over */
  sealed({ bk, recipe, account, runs, plan, at }: SealedRecord & { at: number }): boolean {
    const names = (runs.length > 0 ? runs : ['']).map(run => ({ run, name: JSON.stringify([recipe, account, run]) }));
    const isNew = ({ run, name }: (typeof names)[number]): boolean => {
      const before = this.#runs.get(name);
      return before === undefined || (run === '' && at - before > cacheTtlMs['1h']);
    };
    const isFirst = names.every(isNew);
    for (const { name } of names) this.#runs.set(name, at);
    for (const { hash } of marksSent(plan)) {
      const entry = entryOf(account, hash);
      const behind = this.#behind.get(entry);
      if (isFirst || !behind) this.#behind.set(entry, { first: bk, latest: bk, isPrimed: false });
      else behind.latest = bk;
    }
    return isFirst;
  }

  /** Until it is known what it cost, it is its reserve. */
  prime({ id, account, prefix, reserve }: PrimeRecord): void {
    const behind = this.#behind.get(entryOf(account, prefix));
    if (!behind || this.#primes.has(id)) return;
    const scope = accountMoney(account);
    const bk = behind.isPrimed ? behind.latest : behind.first;
    behind.isPrimed = true;
    this.#primes.set(id, { bk, scope, cost: reserve[scope] ?? 0, isPrimed: false });
  }

  primed({ id, actual }: PrimedRecord): void {
    const prime = this.#primes.get(id);
    if (prime && !prime.isPrimed) this.#primes.set(id, { ...prime, cost: actual[prime.scope] ?? 0, isPrimed: true });
  }

  /** Nanodollars of the primes that were bought for a batch. */
  primesOf(bk: string): Nanodollars {
    return [...this.#primes.values()].reduce((sum, prime) => sum + (prime.bk === bk ? prime.cost : 0), 0);
  }
}

const entryOf = (account: string, hash: string): string => `${hash} ${account}`;
