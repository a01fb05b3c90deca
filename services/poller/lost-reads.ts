import type { Timing } from '#core/timing.ts';
import type { Clock } from '#ports/clock.ts';
import type { ProviderAccount } from '#runtime/provider-account.ts';
import { lookAtAccount } from './look-at-account.ts';

interface ShortReads {
  reads: number;
  signature: string;
  proving: number;
  provingAt: number;
}

interface NotFound {
  reads: number;
  /** Of these reads, those with a pause before them. */
  times: number;
  firstAt: number;
  lastAt: number;
}

/**
 * What reads of ended batches have not shown, and when that proves loss: three spaced and identical short reads, all an
 * hour or more after the batch's end; or a 404 three times over 24 hours while a complete list lacks the batch. Kept in
 * memory: a restart makes the proof begin anew, never conclude early.
 */
export class LostReads {
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #short = new Map<string, ShortReads>();
  readonly #notFound = new Map<string, NotFound>();

  constructor({ clock, timing }: { clock: Clock; timing: Timing }) {
    this.#clock = clock;
    this.#timing = timing;
  }

  /** Notes a short read. @returns true when loss is proven */
  isLost(bk: string, { signature, endedAt }: { signature: string; endedAt: number }): boolean {
    const now = this.#clock.now();
    const before = this.#short.get(bk);
    const known =
      before?.signature === signature
        ? before
        : { reads: before?.reads ?? 0, signature, proving: 0, provingAt: -Infinity };
    known.reads += 1;
    this.#short.set(bk, known);
    const isLateEnough = now - endedAt >= this.#timing.lostLinesMs;
    const isSpaced = now - known.provingAt >= this.#timing.readAgainMinMs;
    if (isLateEnough && isSpaced) {
      known.proving += 1;
      known.provingAt = now;
    }
    return known.proving >= 3;
  }

  /** Notes a 404. @returns true when the batch is proven to be gone */
  async isGone(
    bk: string,
    { account, pid, createdAt }: { account: ProviderAccount; pid: string; createdAt: number },
  ): Promise<boolean> {
    const now = this.#clock.now();
    const owner = account.ownerSeen; // who said 404; the list must be of the same
    const known = this.#notFound.get(bk) ?? { reads: 0, times: 0, firstAt: now, lastAt: -Infinity };
    known.reads += 1;
    this.#notFound.set(bk, known);
    if (now - known.lastAt >= this.#timing.readAgainMinMs) known.times += 1;
    known.lastAt = now;
    if (known.times < 3 || now - known.firstAt < this.#timing.goneMs) return false;
    const backTo = createdAt - this.#timing.skewMs;
    const look = await lookAtAccount(account, { clock: this.#clock, backTo });
    return look.owner === owner && look.reach < backTo && look.batches.every(listed => listed.pid !== pid);
  }

  /** When to read again: at once, then after 1 s, doubling to 10 min. */
  againMs(bk: string): number {
    const reads = (this.#short.get(bk)?.reads ?? 0) + (this.#notFound.get(bk)?.reads ?? 0);
    if (reads === 0) return this.#timing.readAgainMaxMs;
    if (reads === 1) return 0;
    return Math.min(this.#timing.readAgainMaxMs, this.#timing.readAgainMinMs * 2 ** Math.min(reads - 2, 20));
  }

  forget(bk: string): void {
    this.#short.delete(bk);
    this.#notFound.delete(bk);
  }
}
