import type { Clock } from '#ports/clock.ts';
import type { Hints } from '#ports/hints.ts';
import type { Log } from '#ports/log.ts';
import { type Figures, readFigures } from '#projection/read-figures.ts';
import { BudgetReader } from './budget.ts';
import { type Intake, readIntake } from './intake.ts';
import { overviewJson, type Source } from './overview.ts';
import type { ProjectionKeeper } from './projection-keeper.ts';
import { readWorkers, type Workers } from './workers.ts';

export interface OverviewSourceOptions {
  keeper: ProjectionKeeper;
  log: Log;
  /** Consumer group of intake: what is below its positions is sealed. */
  intakeGroup: string;
  hints: Hints | null;
  source: Source;
  clock: Clock;
}

const figureBounds = { openMax: 8, settledMax: 50, causesMax: 20 };
/** However many look: hints and positions are asked for so often at most. */
const askEveryMs = 1_000;

/** The overview as it is now, for any number of screens. */
export class OverviewSource {
  readonly #options: OverviewSourceOptions;
  readonly #budget: BudgetReader;
  #asked: Promise<{ workers: Workers; intake: Intake | null }> | null = null;
  #askedAt = -Infinity;

  constructor(options: OverviewSourceOptions) {
    this.#options = options;
    this.#budget = new BudgetReader(options);
  }

  /** JSON text on one line. */
  async text(): Promise<string> {
    const { keeper, clock, source } = this.#options;
    const { workers, intake } = await this.#ask();
    const budget = keeper.projection && (await this.#budget.read(keeper.projection));
    const parts = { freshness: keeper.freshness, figures: this.#figures(), budget, workers, intake, source };
    return JSON.stringify(overviewJson({ ...parts, now: clock.now() }));
  }

  /** Null while the projection is being opened, or cannot be read: it is then begun anew. */
  #figures(): Figures | null {
    const { projection } = this.#options.keeper;
    try {
      return projection && readFigures(projection, figureBounds);
    } catch {
      return null;
    }
  }

  #ask(): Promise<{ workers: Workers; intake: Intake | null }> {
    const { clock, hints, log, intakeGroup } = this.#options;
    if (this.#asked && clock.monotonic() - this.#askedAt < askEveryMs) return this.#asked;
    this.#askedAt = clock.monotonic();
    this.#asked = Promise.all([readWorkers(hints), readIntake(log, intakeGroup)]).then(([workers, intake]) => {
      return { workers, intake };
    });
    return this.#asked;
  }
}
