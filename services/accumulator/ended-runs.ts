import type { Lane } from '#core/lane.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';

/** Where a run's own position is kept: lines read so far, and whether that was all. */
export const runGroup = (run: string): string => `run.${run}`;

export const endOfRunCheckMs = 250;

/**
 * Runs whose input is complete. A run's position says so (`run-position.ts`); it is durable, whoever read the input.
 */
export class EndedRuns {
  readonly #ports: { log: Log; clock: Clock };
  readonly #ended = new Set<string>();
  #checkedAt = -Infinity;

  constructor(ports: { log: Log; clock: Clock }) {
    this.#ports = ports;
  }

  has(run: string): boolean {
    return this.#ended.has(run);
  }

  /** Looks at the runs of these lanes, a few times a second at most. */
  async check(lanes: Iterable<Lane>): Promise<void> {
    const { log, clock } = this.#ports;
    if (clock.monotonic() - this.#checkedAt < endOfRunCheckMs) return;
    this.#checkedAt = clock.monotonic();
    const runs = new Set([...lanes].flatMap(lane => lane.items.map(item => item.run ?? '')));
    for (const run of runs) {
      if (run === '' || this.#ended.has(run)) continue;
      const position = await log.position(runGroup(run), 'documents', 0);
      if (position?.metadata && isCompleteRun(position.metadata)) this.#ended.add(run);
    }
  }
}

const isCompleteRun = (metadata: string): boolean => metadata.includes('"isComplete":true');
