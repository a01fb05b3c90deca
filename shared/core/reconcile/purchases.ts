import { accountMoney } from '../caps/cap-scopes.ts';
import type { Stamped } from '../journal.ts';
import type { Money } from '../money.ts';
import { reduceJournal } from '../reduce-journal.ts';
import { reduceSettled } from '../reduce-settled.ts';
import type { SettledRecord } from '../settled.ts';
import { createView, type Prime, type View } from '../view.ts';
import type { SummedUsage } from './reported-usage.ts';

/** One submission of a batch, or one prime: what it may have bought, and what of that was shown. */
export interface Purchase {
  account: string;
  /** Journal time of its INTENT or PRIME, ms since the epoch. */
  from: number;
  /** Journal time from which on nothing of it can be executed; Infinity while it is open. */
  to: number;
  /** What was read of it, in tokens. */
  shown: readonly SummedUsage[];
  /** What was read and has no tokens in the log, as it was booked: records of earlier programs. */
  shownCost: Money;
  /** What the books hold beyond that, because nobody was shown what it cost. */
  booked: Money;
  /** Some of it was read, at a price nobody knows. */
  isUnpriced: boolean;
}

type Shown = Pick<Purchase, 'shown' | 'shownCost' | 'isUnpriced'>;
type SettledCost = Pick<SettledRecord, 'cost' | 'spend'>;

const nothing: Shown = { shown: [], shownCost: 0, isUnpriced: false };

/**
 * What a fleet bought, of the whole journal and all that was settled. Settled has to be read first: what a batch showed is
 * taken when its RELEASED comes.
 */
export class Purchases {
  readonly view: View = createView();
  readonly #settled = new Map<string, SettledCost>();
  readonly #batches = new Map<string, Purchase>();
  readonly #primes = new Map<string, Purchase>();
  readonly #ended: Purchase[] = [];
  readonly #repinned = new Set<string>();

  settled(record: SettledRecord): void {
    const { bk, cost, spend } = record;
    if (!this.#settled.has(bk)) this.#settled.set(bk, spend === undefined ? { cost } : { cost, spend });
    reduceSettled(this.view, record);
  }

  journal(record: Stamped): void {
    // Taken before: a batch that is done leaves the view with its last record.
    const batch = 'bk' in record ? this.view.batches.get(record.bk) : undefined;
    const prime = record.kind === 'PRIMED' ? this.view.primes.get(record.id) : undefined;
    if (reduceJournal(this.view, record) === 'refused') return;
    const { at } = record;
    switch (record.kind) {
      case 'INTENT':
        this.#batches.set(record.bk, openedAt(batch?.account ?? '', at));
        return;
      case 'ABORTED':
        // Proven absent, or never sent: what came to be bought nevertheless never showed a line to anybody.
        this.#end(this.#batches, record.bk, { at, booked: 0, ...nothing });
        return;
      case 'RELEASED': {
        const settled = this.#settled.get(record.bk);
        this.#settled.delete(record.bk);
        const spent = record.actual[accountMoney(batch?.account ?? '')] ?? 0;
        const shown = settled ? shownOfBatch(settled) : { ...nothing, isUnpriced: true };
        this.#end(this.#batches, record.bk, { at, booked: spent - (settled?.cost ?? 0), ...shown });
        return;
      }
      case 'REPIN':
        this.#repinned.add(record.account);
        return;
      case 'PRIME':
        this.#primes.set(record.id, openedAt(record.account, at));
        return;
      case 'PRIMED':
        if (prime) this.#end(this.#primes, record.id, { at, ...ofPrime(record, prime) });
    }
  }

  /** It was another owner's before: what it bought is in two reports. */
  isRepinned(account: string): boolean {
    return this.#repinned.has(account);
  }

  of(account: string): Purchase[] {
    const all = [...this.#ended, ...this.#batches.values(), ...this.#primes.values()];
    return all.filter(purchase => purchase.account === account);
  }

  #end(open: Map<string, Purchase>, name: string, { at, ...end }: Shown & { at: number; booked: Money }): void {
    const purchase = open.get(name);
    if (!purchase) return;
    open.delete(name);
    this.#ended.push({ ...purchase, to: at, ...end });
  }
}

const openedAt = (account: string, at: number): Purchase => ({
  account,
  from: at,
  to: Number.POSITIVE_INFINITY,
  booked: 0,
  ...nothing,
});

function shownOfBatch({ cost, spend }: SettledCost): Shown {
  if (!spend) return { shown: [], shownCost: cost ?? 0, isUnpriced: cost === null };
  const shown = spend.rows.flatMap(({ model, bought, usage, isUsOnly = false }): SummedUsage[] =>
    bought > 0 ? [{ at: spend.at, model, tier: 'batch', isUsOnly, usage }] : [],
  );
  return { shown, shownCost: 0, isUnpriced: cost === null };
}

/** Without a model nobody answered: what it holds, if anything, is its worst case. */
function ofPrime(record: Extract<Stamped, { kind: 'PRIMED' }>, { at, account }: Prime): Shown & { booked: Money } {
  const { model, usage, isUsOnly = false } = record;
  const spent = record.actual[accountMoney(account)] ?? 0;
  if (model === undefined) return { ...nothing, booked: spent };
  if (usage === undefined) return { ...nothing, shownCost: spent, booked: 0 };
  return { ...nothing, shown: [{ at, model, tier: 'standard', isUsOnly, usage }], booked: 0 };
}
