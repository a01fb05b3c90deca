import type { Clock } from '#ports/clock.ts';
import type { Loop } from './loop.ts';

/** A loop whose round has been under way for long. */
export interface StandingLoop {
  loop: string;
  forMs: number;
}

/** How far the loops of a process have come: a round that neither ends nor fails is what no error tells. */
export class LoopProgress {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When the round under way began, by loop. */
  readonly #begun = new Map<Loop, number>();
  #ended = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Rounds that have ended, well or not, since the start. */
  get rounds(): number {
    return this.#ended;
  }

  /** The loop, with its rounds noted. */
  watch(loop: Loop): Loop {
    return {
      name: loop.name,
      round: async signal => {
        this.#begun.set(loop, this.#clock.monotonic());
        try {
          await loop.round(signal);
        } finally {
          this.#begun.delete(loop);
          this.#ended += 1;
        }
      },
    };
  }

  /** Rounds under way now. */
  underWay(): string[] {
    return [...this.#begun.keys()].map(({ name }) => name);
  }

  /** Loops whose round has been under way for `limitMs` or longer. */
  standing(limitMs: number): StandingLoop[] {
    const now = this.#clock.monotonic();
    return [...this.#begun]
      .map(([{ name }, begunOn]) => ({ loop: name, forMs: now - begunOn }))
      .filter(({ forMs }) => forMs >= limitMs);
  }
}
