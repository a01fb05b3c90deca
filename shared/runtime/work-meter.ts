import type { Clock } from '#ports/clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';

/** What a process does again and again: jobs of the three queues, and rounds of the three loops beside them. */
export type WorkName = 'accumulate' | 'submit' | 'look' | 'collect' | 'retry' | 'sweep';

/** `again`: there is more to do for the same job, later. `failed`: it threw. */
export type WorkOutcome = 'done' | 'again' | 'failed';

interface MeterPorts {
  telemetry: Telemetry;
  clock: Pick<Clock, 'monotonic'>;
}

/** The one wrapper by which every queue and loop is measured: wait, run time, outcome, and the oldest that is under way. */
export class WorkMeter {
  readonly #telemetry: Telemetry;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When each piece began, by work; kept when empty, so that the gauges say 0. */
  readonly #underWay = new Map<WorkName, Set<{ begunOn: number }>>();

  constructor({ telemetry, clock }: MeterPorts) {
    this.#telemetry = telemetry;
    this.#clock = clock;
    telemetry.whenMeasured?.(() => this.#measure());
  }

  async run<Result>(
    work: WorkName,
    act: () => Promise<Result>,
    outcomeOf: (result: Result) => WorkOutcome = () => 'done',
  ): Promise<Result> {
    const piece = { begunOn: this.#clock.monotonic() };
    const pieces = this.#piecesOf(work);
    pieces.add(piece);
    let outcome: WorkOutcome = 'failed';
    try {
      const result = await act();
      outcome = outcomeOf(result);
      return result;
    } finally {
      pieces.delete(piece);
      const ranMs = this.#clock.monotonic() - piece.begunOn;
      this.#telemetry.observe('flotilla_work_seconds', ranMs / 1_000, { work, outcome });
    }
  }

  /** How long a piece of work had been possible when it was begun, by the log's word. */
  waited(work: WorkName, ms: number): void {
    this.#telemetry.observe('flotilla_work_wait_seconds', Math.max(0, ms) / 1_000, { work });
  }

  #piecesOf(work: WorkName): Set<{ begunOn: number }> {
    const known = this.#underWay.get(work);
    if (known) return known;
    const pieces = new Set<{ begunOn: number }>();
    this.#underWay.set(work, pieces);
    return pieces;
  }

  #measure(): void {
    const now = this.#clock.monotonic();
    for (const [work, pieces] of this.#underWay) {
      let oldest = now;
      for (const { begunOn } of pieces) oldest = Math.min(oldest, begunOn);
      this.#telemetry.gauge('flotilla_work_underway', pieces.size, { work });
      this.#telemetry.gauge('flotilla_oldest_work_seconds', (now - oldest) / 1_000, { work });
    }
  }
}

const meters = new WeakMap<Telemetry, WorkMeter>();

/** The meter of a process: services that share a telemetry share it, so that what they do adds up. */
export function workMeterOf(ports: MeterPorts): WorkMeter {
  const known = meters.get(ports.telemetry);
  if (known) return known;
  const meter = new WorkMeter(ports);
  meters.set(ports.telemetry, meter);
  return meter;
}
