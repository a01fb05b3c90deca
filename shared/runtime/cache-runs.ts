import { accountMoney } from '#core/caps/cap-scopes.ts';
import type { SealedRecord, Stamped } from '#core/journal.ts';
import type { Money } from '#core/money.ts';
import { cacheTtlMs } from '#core/prompt-cache/cache-minimums.ts';
import { marksSent } from '#core/prompt-cache/cache-plan.ts';
import { PrimeCosts } from '#core/prompt-cache/prime-costs.ts';

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
  readonly #costs = new PrimeCosts();
  /** Ids of primes by the batch that they were for. */
  readonly #primes = new Map<string, string[]>();
  readonly #named = new Set<string>();

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

  /** @param record PRIME or PRIMED */
  prime(record: Stamped): void {
    this.#costs.add(record);
    if (record.kind !== 'PRIME') return;
    const { id, account, prefix } = record;
    const behind = this.#behind.get(entryOf(account, prefix));
    if (!behind || this.#named.has(id) || !this.#costs.all.has(id)) return;
    this.#named.add(id);
    const bk = behind.isPrimed ? behind.latest : behind.first;
    behind.isPrimed = true;
    this.#primes.set(bk, [...(this.#primes.get(bk) ?? []), id]);
  }

  /** What the primes cost that were bought for a batch. */
  primesOf(bk: string): Money {
    const primes = (this.#primes.get(bk) ?? []).flatMap(id => this.#costs.all.get(id) ?? []);
    return primes.reduce((sum, { account, amounts }) => sum + (amounts[accountMoney(account)] ?? 0), 0);
  }
}

const entryOf = (account: string, hash: string): string => `${hash} ${account}`;
