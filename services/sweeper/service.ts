import { dueReuse } from '#core/answer-cache/source-states.ts';
import { isAlone } from '#core/outcome.ts';
import type { Timing } from '#core/timing.ts';
import { type Batch, isSettledUnsent, isUnsent } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { Job, WorkQueue } from '#ports/work-queue.ts';
import { measureView } from '#runtime/measure-view.ts';
import type { ProviderAccount } from '#runtime/provider-account.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { type WorkMeter, workMeterOf } from '#runtime/work-meter.ts';

export interface SweeperPorts {
  queue: WorkQueue;
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
  timing: Pick<Timing, 'settleMs'>;
  /** Those that are configured here: by the clock of one whose replies show that ours is off, nothing is settled. */
  accounts: ReadonlyMap<string, Pick<ProviderAccount, 'isClockOff'>>;
}

/** Side by side: thousands of hints, one after the other, would be a sweep of seconds. */
const hintsAtOnce = 100;

/** Re-derives every missing hint from the view and releases reserves of settled batches (protocol §5.7). */
export class Sweeper {
  readonly #ports: SweeperPorts;
  readonly #meter: WorkMeter;

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
    this.#meter = workMeterOf(ports);
  }

  runOnce(): Promise<void> {
    return this.#meter.run('sweep', () => this.#sweep());
  }

  async #sweep(): Promise<void> {
    const { follower, telemetry } = this.#ports;
    await follower.catchUpAll();
    const hints: Job[] = [];
    const reusing: Batch[] = [];
    for (const batch of [...follower.view.batches.values()]) {
      const { bk, state, settled, account } = batch;
      if (settled && state.is === 'created') await follower.append({ kind: 'RELEASED', bk, actual: settled.actual });
      if (settled) continue;
      // What is at the provider is hinted by every look.
      if (isUnsent(batch)) hints.push({ queue: 'submit', id: bk, account });
      else if (batch.kind === 'reuse') reusing.push(batch);
      else if (isSettledUnsent(batch)) hints.push({ queue: 'collect', id: bk }); // needs no account
    }
    await this.#settlePrimes();
    const now = this.#ports.clock.now();
    for (const { bk } of dueReuse(follower.view, reusing, now)) hints.push({ queue: 'collect', id: bk });
    for (const [id, row] of follower.view.retries) {
      if (!isAlone(row.cause)) continue;
      hints.push({ queue: 'retry', id, delayMs: Math.max(0, row.notBefore - now) });
    }
    await this.#addAll(hints);
    measureView(follower.view, { telemetry, now });
    if (hints.length > 0) telemetry.count('flotilla_sweep_hints_total', hints.length);
  }

  /** What nobody has said anything of by now died with its process, or was never answered: it counts as bought. */
  async #settlePrimes(): Promise<void> {
    const { follower, clock, timing, accounts, telemetry } = this.#ports;
    for (const [id, { at, state, reserve, account }] of follower.view.primes) {
      if (state !== 'open' || clock.now() - at <= timing.settleMs || accounts.get(account)?.isClockOff) continue;
      await follower.append({ kind: 'PRIMED', id, actual: reserve });
      telemetry.note('warn', 'prime-unanswered', { prime: id });
    }
  }

  async #addAll(hints: readonly Job[]): Promise<void> {
    for (let from = 0; from < hints.length; from += hintsAtOnce) {
      await Promise.all(hints.slice(from, from + hintsAtOnce).map(hint => this.#ports.queue.add(hint)));
    }
  }
}
