import { isAlone } from '#core/outcome.ts';
import { isSettledUnsent, isUnsent } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

export interface SweeperPorts {
  queue: WorkQueue;
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
}

const openStates = ['sealed', 'unsent', 'intent', 'aborted', 'created', 'closed', 'settled'] as const;

/** Re-derives every missing hint from the view and releases reserves of settled batches (protocol §5.7). */
export class Sweeper {
  readonly #ports: SweeperPorts;

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
  }

  async runOnce(): Promise<void> {
    const { follower, telemetry } = this.#ports;
    await follower.catchUpAll();
    let hints = 0;
    for (const batch of [...follower.view.batches.values()]) {
      const { bk, state, settled } = batch;
      if (settled && state.is === 'created') await follower.append({ kind: 'RELEASED', bk, actual: settled.actual });
      if (settled) continue;
      if (isUnsent(batch)) await this.#hint('submit', bk);
      else if (isSettledUnsent(batch)) await this.#hint('collect', bk);
      else continue; // what is at the provider is hinted by every look
      hints += 1;
    }
    const now = this.#ports.clock.now();
    for (const [id, row] of follower.view.retries) {
      if (!isAlone(row.cause)) continue;
      await this.#ports.queue.add({ queue: 'retry', id, delayMs: Math.max(0, row.notBefore - now) });
      hints += 1;
    }
    this.#measure();
    if (hints > 0) telemetry.count('flotilla_sweep_hints_total', hints);
  }

  /** Every state by name, zero when there is none: a gauge that is not set would keep its last value. */
  #measure(): void {
    const { follower, telemetry } = this.#ports;
    const states = Map.groupBy(follower.view.batches.values(), batch => (batch.settled ? 'settled' : batch.state.is));
    for (const state of openStates) telemetry.gauge('flotilla_open_batches', states.get(state)?.length ?? 0, { state });
  }

  #hint(queue: 'submit' | 'collect', id: string): Promise<void> {
    return this.#ports.queue.add({ queue, id });
  }
}
