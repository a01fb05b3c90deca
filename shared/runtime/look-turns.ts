import type { Clock } from '#ports/clock.ts';
import type { Hints } from '#ports/hints.ts';

/**
 * Who of a fleet looks at an account now: a look serves all, so one a round is enough. Only the right to look is shared,
 * never what was seen. A hint: when it is gone, or two ask at the same moment, somebody looks once more.
 */
export class LookTurns {
  readonly #hints: Hints;
  readonly #name: string;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(options: { hints: Hints; name: string; clock: Pick<Clock, 'now'> }) {
    this.#hints = options.hints;
    this.#name = options.name;
    this.#clock = options.clock;
  }

  /** How long ago somebody else looked, or null when it is not known. A clock that is ahead of ours counts as now. */
  async sinceOther(account: string): Promise<number | null> {
    const found = await this.#hints.list(nameOf(account)).catch(() => []);
    const value = found.find(({ name }) => name === nameOf(account))?.value as Partial<Turn> | undefined;
    if (typeof value?.at !== 'number' || value.by === this.#name) return null;
    return Math.max(0, this.#clock.now() - value.at);
  }

  /** Says that this process looks now. */
  async take(account: string, forMs: number): Promise<void> {
    const turn: Turn = { by: this.#name, at: this.#clock.now() };
    await this.#hints.put(nameOf(account), turn, Math.max(forMs, 1_000));
  }
}

interface Turn {
  by: string;
  /** Wall clock of that process, ms since the epoch. */
  at: number;
}

const nameOf = (account: string): string => `look/${account}`;
