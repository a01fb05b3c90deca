import { fleetMoney, runMoney } from '#core/caps/cap-scopes.ts';
import type { Amounts, JournalRecord } from '#core/journal.ts';
import type { Nanodollars } from '#core/money.ts';

/** What primes have cost whom, as far as the journal took them: their reserve until it is known what they cost. */
export class PrimeCosts {
  readonly #byId = new Map<string, Amounts>();

  /** @param record accepted, in its order */
  add(record: JournalRecord): void {
    if (record.kind === 'PRIME') this.#byId.set(record.id, record.reserve);
    if (record.kind === 'PRIMED') this.#byId.set(record.id, record.actual);
  }

  of(run: string): Nanodollars {
    return this.#sum(runMoney(run));
  }

  /** What is left when each of these runs has its share: that of documents without a run. */
  ofNobody(runs: Iterable<string>): Nanodollars {
    return [...runs].reduce((left, run) => left - this.of(run), this.#sum(fleetMoney));
  }

  #sum(scope: string): Nanodollars {
    return [...this.#byId.values()].reduce((sum, amounts) => sum + (amounts[scope] ?? 0), 0);
  }
}
