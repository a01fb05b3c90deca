import type { Amounts, CapPeriod } from '#core/journal.ts';
import { exceedsCapAlone, isUnsent, tightCap } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { Hold } from '#runtime/provider-account.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

/** Why a batch waits before its create; a hint for screens and for `--max-cost`. */
export type Parked =
  | { bk: string; why: 'cap'; scope: string; period: CapPeriod | null }
  | { bk: string; why: Hold | 'not-configured' };

/** What a batch that a cap holds back would take, so that looking at it again costs nothing. */
export type ParkedBatch = Parked & { wants?: { reserve: Amounts; deadlineAt: number } };

export interface ParkingPorts {
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
}

export const heldMs = 1_000;
/** Batches held back by a cap, looked at a second all together: a parked tenant of a million documents is no load. */
const capChecksPerSecond = 100;

/** The batches that this process holds back before their create. */
export class Parking {
  readonly #ports: ParkingPorts;
  readonly #parked = new Map<string, ParkedBatch>();
  readonly #parkedFor = new Set<Parked['why']>(['cap', 'breaker']);

  constructor(ports: ParkingPorts) {
    this.#ports = ports;
    ports.telemetry.whenMeasured?.(() => this.#measure());
  }

  /** Batches that are held back now, by why. */
  parked(): Parked[] {
    const { batches } = this.#ports.follower.view;
    return [...this.#parked.values()].filter(({ bk }) => {
      const batch = batches.get(bk);
      return batch !== undefined && isUnsent(batch); // another worker may have sent it meanwhile
    });
  }

  /** How many a cap on money holds back: they wait for a person or another day, and nobody else may wait for them. */
  cappedBatches(): number {
    return this.parked().filter(parked => parked.why === 'cap' && !/:(?:items|batches)$/.test(parked.scope)).length;
  }

  /** @returns when to look at it again */
  park(parked: ParkedBatch, afterMs: number): { afterMs: number } {
    if (this.#parked.get(parked.bk)?.why !== parked.why) {
      this.#ports.telemetry.note('info', 'batch-parked', { bk: parked.bk, why: parked.why });
    }
    this.#parked.set(parked.bk, parked);
    return { afterMs };
  }

  /** The more there are, the more seldom each is looked at. */
  parkByCap(parked: ParkedBatch): { afterMs: number } {
    return this.park(parked, this.#capCheckMs());
  }

  leave(bk: string): void {
    this.#parked.delete(bk);
  }

  /** A batch that a cap holds back is held back as long as there is no room: its payload need not be read again. */
  stillCapped(bk: string): ParkedBatch | null {
    const { follower, clock } = this.#ports;
    const parked = this.#parked.get(bk);
    if (parked?.wants === undefined || parked.wants.deadlineAt < clock.now()) return null;
    if (exceedsCapAlone(follower.view, parked.wants.reserve)) return null; // to be split
    const tight = tightCap(follower.view, parked.wants.reserve, clock.now());
    return tight && { bk, why: 'cap', ...tight, wants: parked.wants };
  }

  #capCheckMs(): number {
    return Math.max(heldMs, (this.#parked.size * 1_000) / capChecksPerSecond);
  }

  /** Every reason by name once it has been one: a gauge that is not set would keep its last value. */
  #measure(): void {
    const byReason = Map.groupBy(this.parked(), ({ why }) => why);
    for (const why of byReason.keys()) this.#parkedFor.add(why);
    for (const why of this.#parkedFor) {
      this.#ports.telemetry.gauge('flotilla_parked_batches', byReason.get(why)?.length ?? 0, { why });
    }
  }
}
