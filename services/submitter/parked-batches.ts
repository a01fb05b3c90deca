import { fitsInParts, scopesUnderWay } from '#core/caps/cap-parts.ts';
import { type Reserve, unpricedUnderCap } from '#core/caps/cap-reserve.ts';
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

/**
 * With what is known of it, so that looking at it again costs nothing: when it is too late, what a cap has no room for, and where a
 * price is unknown.
 */
export type ParkedBatch = Parked & { deadlineAt?: number; wants?: Wants; unpriced?: Reserve };

export interface Wants {
  reserve: Amounts;
  items: number;
}

/** Batches that one submitter holds back: memory only, found again by looking at them. */
export class ParkedBatches {
  readonly #ports: { clock: Clock; telemetry: Telemetry; follower: ViewFollower };
  readonly #parked = new Map<string, ParkedBatch>();
  readonly #reasons = new Set<Parked['why']>(['cap', 'breaker']);
  /** The batch that was split last so that a part of it finds room: one after the other, for its parts may take it all. */
  #inParts: string | null = null;

  constructor(ports: { clock: Clock; telemetry: Telemetry; follower: ViewFollower }) {
    this.#ports = ports;
    ports.telemetry.whenMeasured?.(() => this.#measure());
  }

  get size(): number {
    return this.#parked.size;
  }

  add(parked: ParkedBatch): void {
    if (this.#parked.get(parked.bk)?.why !== parked.why) {
      this.#ports.telemetry.note('info', 'batch-parked', { bk: parked.bk, why: parked.why });
    }
    this.#parked.set(parked.bk, parked);
  }

  delete(bk: string): void {
    this.#parked.delete(bk);
  }

  /** Those that are held back now; not those that have found room since they were looked at. */
  all(): Parked[] {
    const { view } = this.#ports.follower;
    const now = this.#ports.clock.now();
    let known: ReadonlySet<string> | undefined;
    const underWay = (): ReadonlySet<string> => {
      known ??= scopesUnderWay(view);
      return known;
    };
    return this.#held().filter(({ wants }) => {
      if (wants === undefined) return true;
      return tightCap(view, wants.reserve, now) !== null && !fitsInParts(view, { ...wants, underWay }, now);
    });
  }

  /** Earliest deadline of its documents, ms since the epoch; null when it was not held back, or not looked into. */
  deadlineOf(bk: string): number | null {
    return this.#parked.get(bk)?.deadlineAt ?? null;
  }

  /** How many a cap on money holds back: they wait for a person or another day, and nobody else may wait for them. */
  capped(): number {
    return this.#held().filter(parked => parked.why === 'cap' && !/:(?:items|batches)$/.test(parked.scope)).length;
  }

  /** What a cap held back is held back as long as there is no room: its documents need not be read again. */
  stillCapped(bk: string): ParkedBatch | null {
    const { view } = this.#ports.follower;
    const now = this.#ports.clock.now();
    const parked = this.#parked.get(bk);
    const { wants, unpriced, deadlineAt = 0 } = parked ?? {};
    if (parked === undefined || deadlineAt < now) return null;
    if (unpriced) return unpricedUnderCap(view, unpriced) === null ? null : parked;
    if (wants === undefined) return null;
    if (exceedsCapAlone(view, wants.reserve) || this.mayGoInParts(wants)) return null; // to be split
    const tight = tightCap(view, wants.reserve, now);
    return tight && { bk, why: 'cap', ...tight, wants, deadlineAt };
  }

  mayGoInParts(wants: Wants): boolean {
    const { view } = this.#ports.follower;
    const underWay = (): ReadonlySet<string> => scopesUnderWay(view);
    if (!fitsInParts(view, { ...wants, underWay }, this.#ports.clock.now())) return false;
    const isUnderWay = this.#inParts !== null && view.batches.has(this.#inParts);
    return !isUnderWay && !view.retries.values().some(({ cause }) => cause === 'split');
  }

  goesInParts(bk: string): void {
    this.#inParts = bk;
  }

  #held(): ParkedBatch[] {
    const { batches } = this.#ports.follower.view;
    return [...this.#parked.values()].filter(({ bk }) => {
      const batch = batches.get(bk);
      return batch !== undefined && isUnsent(batch); // another worker may have sent it meanwhile
    });
  }

  /** Every reason by name once it has been one: a gauge that is not set would keep its last value. */
  #measure(): void {
    const byReason = Map.groupBy(this.all(), ({ why }) => why);
    for (const why of byReason.keys()) this.#reasons.add(why);
    for (const why of this.#reasons) {
      this.#ports.telemetry.gauge('flotilla_parked_batches', byReason.get(why)?.length ?? 0, { why });
    }
  }
}
