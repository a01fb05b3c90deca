import { fleetMoney, runMoney } from '../caps/cap-scopes.ts';
import type { Amounts, PrimeRecord, Stamped } from '../journal.ts';
import type { Money } from '../money.ts';
import { reduceJournal } from '../reduce-journal.ts';
import { createView } from '../view.ts';

/** One prime, and what it has cost whom. */
export interface PrimeCost {
  account: string;
  /** Hash of the mark that it writes. */
  prefix: string;
  amounts: Amounts;
}

/**
 * What primes have cost whom: their reserve until it is known what they cost. Which of them count is what the reducer says
 * of PRIME and PRIMED by themselves: the first of each id. Whether a cap or its hour had room is known only to who folds the whole
 * journal; until it says otherwise each counts.
 */
export class PrimeCosts {
  readonly #view = createView();
  readonly #isAskedFor: (prime: PrimeRecord) => boolean;
  readonly #byId = new Map<string, PrimeCost>();

  /** @param isAskedFor the costs of others are not kept */
  constructor(isAskedFor: (prime: PrimeRecord) => boolean = () => true) {
    this.#isAskedFor = isAskedFor;
  }

  /** @param record of the journal, in its order; others than these two change nothing */
  add(record: Stamped): void {
    if (record.kind !== 'PRIME' && record.kind !== 'PRIMED') return;
    if (reduceJournal(this.#view, withoutBound(record)) === 'refused') return;
    if (record.kind === 'PRIME') {
      const { id, account, prefix, reserve: amounts } = record;
      if (this.#isAskedFor(record)) this.#byId.set(id, { account, prefix, amounts });
      return;
    }
    const prime = this.#byId.get(record.id);
    if (prime) prime.amounts = record.actual;
  }

  /** By id. */
  get all(): ReadonlyMap<string, Readonly<PrimeCost>> {
    return this.#byId;
  }

  of(run: string): Money {
    return this.#sum(runMoney(run));
  }

  /** What is left when each of these runs has its share: that of documents without a run. */
  ofNobody(runs: Iterable<string>): Money {
    return [...runs].reduce((left, run) => left - this.of(run), this.#sum(fleetMoney));
  }

  #sum(scope: string): Money {
    return [...this.#byId.values()].reduce((sum, { amounts }) => sum + (amounts[scope] ?? 0), 0);
  }
}

/** One that a cap had no room for would take a place of the hour here, and keep out one that was bought. */
function withoutBound(record: Stamped): Stamped {
  if (record.kind !== 'PRIME') return record;
  const { perHour: _, ...unbound } = record;
  return unbound;
}
