import { isConfiguredScope } from '#core/caps/cap-scopes.ts';
import { type CapProgress, capProgress } from '#core/cost-report/cost-caps.ts';
import { anomalyHistoryDays, findAnomalies, type SpendAnomalies } from '#core/cost-report/spend-anomalies.ts';
import { periodKey } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { Projection } from '#projection/projection.ts';
import { readSpend } from '#projection/read-spend.ts';
import { type Parked, parkedBatches } from '#runtime/parked-batches.ts';

/** What screens say of money beyond its sums. */
export interface Budget {
  /** Of the configuration, the fullest first. */
  caps: readonly CapProgress[];
  parked: Parked;
  anomalies: SpendAnomalies;
}

/** Documents of parked batches are read for it, and two months of days: not at every turn of every screen. */
const readEveryMs = 15_000;
const dayMs = 86_400_000;

/** The budget as it was some seconds ago at most. */
export class BudgetReader {
  readonly #log: Log;
  readonly #clock: Clock;
  #last: Promise<Budget> | null = null;
  #readAt = -Infinity;

  constructor({ log, clock }: { log: Log; clock: Clock }) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Null when the projection or the log cannot be read now. */
  read(projection: Projection): Promise<Budget | null> {
    if (this.#last === null || this.#clock.monotonic() - this.#readAt >= readEveryMs) {
      this.#readAt = this.#clock.monotonic();
      this.#last = this.#readNow(projection);
    }
    return this.#last.catch(() => null);
  }

  async #readNow(projection: Projection): Promise<Budget> {
    const now = this.#clock.now();
    const { view } = projection;
    const today = periodKey('day', now);
    const past = readSpend(projection, { since: periodKey('day', now - anomalyHistoryDays * dayMs), until: today });
    return {
      caps: capProgress(view, now).filter(({ scope }) => isConfiguredScope(scope)),
      parked: await parkedBatches(this.#log, view, { now }),
      anomalies: findAnomalies(past, { today }),
    };
  }
}
