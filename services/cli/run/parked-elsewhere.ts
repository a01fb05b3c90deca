import type { View } from '#core/view.ts';
import type { Log } from '#ports/log.ts';
import { parkedBatches } from '#runtime/parked-batches.ts';
import type { RunSnapshot } from './run-snapshot.ts';
import { isAboutMoney, parkedInWords } from './view-of-run.ts';

const readEveryMs = 2_000;

/** What caps hold back of a run whose engine is another process: worked out from the log, because its hints are not here. */
export class ParkedElsewhere {
  readonly #log: Log;
  readonly #run: string;
  #last: RunSnapshot['parked'] = null;
  #readAt = -Infinity;

  constructor(log: Log, run: string) {
    this.#log = log;
    this.#run = run;
  }

  /** As it was two seconds ago at most. */
  async read(view: View): Promise<RunSnapshot['parked']> {
    if (performance.now() - this.#readAt < readEveryMs) return this.#last;
    this.#readAt = performance.now();
    const among = [...view.batches.values()].filter(({ runs }) => runs.includes(this.#run));
    const { held } = await parkedBatches(this.#log, view, { now: Date.now(), among });
    const parked = held.filter(({ scope }) => isAboutMoney(scope));
    const [most] = parked;
    const count = parked.reduce((sum, { documents }) => sum + documents, 0);
    this.#last = most ? { count, ...parkedInWords(most, this.#run) } : null;
    return this.#last;
  }
}
