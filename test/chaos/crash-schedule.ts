/** How a life of the process ends: at a crash point, or at any moment. */
export type Death = { is: 'named'; label: string; visit: number; withinMs: number } | { is: 'random'; afterMs: number };

/** A crash point that does not come again in this time is given up; the process is killed all the same. */
const namedWithinMs = 3_000;
/** Lives of random length: from within the start to well into the work. */
const randomMinMs = 200;
const randomMaxMs = 2_000;
const visitsMax = 24;

/**
 * Decides how each life ends. Crash points are learnt from the lives before, and the least visited is next, so that a
 * long series reaches them all.
 */
export class CrashSchedule {
  readonly #random: () => number;
  /** Most visits that one life has shown. */
  readonly #visits = new Map<string, number>();
  readonly #tries = new Map<string, number>();

  constructor(random: () => number) {
    this.#random = random;
  }

  get labelsKnown(): number {
    return this.#visits.size;
  }

  /** @param passed lines `label:visit`, as a process leaves them */
  learn(passed: readonly string[]): void {
    for (const line of passed) {
      const at = line.lastIndexOf(':');
      const label = line.slice(0, at);
      this.#visits.set(label, Math.max(this.#visits.get(label) ?? 0, Number(line.slice(at + 1))));
    }
  }

  /** The first life is ended at random: no crash point is known yet. */
  next(kind: Death['is']): Death {
    if (kind === 'named' && this.#visits.size > 0) return this.#named();
    return { is: 'random', afterMs: randomMinMs + this.#random() * (randomMaxMs - randomMinMs) };
  }

  #named(): Death {
    const triesOf = (label: string): number => this.#tries.get(label) ?? 0;
    const labels = [...this.#visits.keys()];
    const fewest = Math.min(...labels.map(triesOf));
    const rarest = labels.filter(label => triesOf(label) === fewest);
    const label = rarest[Math.floor(this.#random() * rarest.length)] as string;
    this.#tries.set(label, fewest + 1);
    const visits = Math.min(visitsMax, this.#visits.get(label) ?? 1);
    // Early visits are as telling as late ones and come more often, so the draw leans to them.
    const visit = 1 + Math.floor(this.#random() ** 3 * visits);
    return { is: 'named', label, visit, withinMs: namedWithinMs };
  }
}
