import { parseCustomId } from '#core/custom-id.ts';
import { forgetOldest } from '#core/forget-oldest.ts';
import type { LookedAt, SeenIdentity } from '#core/look.ts';
import type { Timing } from '#core/timing.ts';
import type { ResultRead } from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';

interface Reading {
  seen: SeenIdentity | null;
  silentReads: number;
  readAt: number;
}

/** Ended batches whose identity was read are remembered; this many of the oldest are kept. */
const remembered = 10_000;

/** Reads that have to say the same, and lines of each that are looked at: one spoilt line must not decide whose it is. */
const agreeingReads = 3;
const telltaleLines = 5;

/**
 * Who the ended batches at a provider without labels belong to, by the first custom_ids that can be read, three times the
 * same. A batch that shows no line on three spaced reads, an hour or more after its end, proves nothing and is no longer
 * waited for.
 */
export class Identities {
  readonly #readings = new Map<string, Reading>();
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #timing: Pick<Timing, 'lostLinesMs' | 'readAgainMinMs' | 'readAgainMaxMs'>;

  constructor(options: {
    fleet: string;
    clock: Clock;
    timing: Pick<Timing, 'lostLinesMs' | 'readAgainMinMs' | 'readAgainMaxMs'>;
  }) {
    this.#fleet = options.fleet;
    this.#clock = options.clock;
    this.#timing = options.timing;
  }

  seen(): ReadonlyMap<string, SeenIdentity> {
    return new Map([...this.#readings].flatMap(([pid, { seen }]) => (seen ? [[pid, seen] as const] : [])));
  }

  /** Reads the identity of an ended batch unless it is known or was just tried. @returns true when it turned silent */
  async learn(listed: LookedAt, read: (pid: string) => Promise<ResultRead>): Promise<boolean> {
    const reading = this.#readings.get(listed.pid) ?? { seen: null, silentReads: 0, readAt: -Infinity };
    const now = this.#clock.now();
    if (reading.seen || !listed.hasEnded || now - reading.readAt < this.#timing.readAgainMinMs) return false;
    const isLate = listed.endedAt !== null && now - listed.endedAt >= this.#timing.lostLinesMs;
    // Early silence is read again and again; only late reads count, and those are spaced.
    if (isLate && reading.silentReads > 0 && now - reading.readAt < this.#timing.readAgainMaxMs / 4) return false;
    reading.readAt = now;
    this.#remember(listed.pid, reading);
    const first = await this.#identityOf(listed.pid, read);
    if (first === 'unknown') return false;
    if (first !== 'silent') {
      for (let reads = 1; reads < agreeingReads; reads++) {
        if (!isSame(await this.#identityOf(listed.pid, read), first)) return false; // at the next look again
      }
      reading.seen = first;
      return false;
    }
    if (isLate) reading.silentReads += 1;
    if (reading.silentReads < 3) return false;
    reading.seen = { is: 'silent' };
    return true;
  }

  async #identityOf(pid: string, read: (pid: string) => Promise<ResultRead>): Promise<Told> {
    const result = await read(pid);
    if (result.status === 'not-found') return 'silent'; // listed as ended, and its results are gone
    return result.status === 'ended' ? identityTold(result.lines, this.#fleet) : 'unknown';
  }

  #remember(pid: string, reading: Reading): void {
    this.#readings.set(pid, reading);
    forgetOldest(this.#readings, remembered);
  }
}

type Told = Exclude<SeenIdentity, { is: 'silent' }> | 'silent' | 'unknown';

/** What the first lines say, if they all say the same. */
async function identityTold(lines: Extract<ResultRead, { status: 'ended' }>['lines'], fleet: string): Promise<Told> {
  let told: Told = 'silent';
  let count = 0;
  for await (const line of lines) {
    if (line.type === 'unreadable') continue;
    const identity = parseCustomId(line.customId);
    const says: Told = identity?.fleet === fleet ? { is: 'ours', bk: identity.bk } : { is: 'foreign' };
    if (count > 0 && !isSame(told, says)) return 'unknown';
    told = says;
    count += 1;
    if (count === telltaleLines) break;
  }
  return told;
}

function isSame(left: Told, right: Told): boolean {
  if (typeof left === 'string' || typeof right === 'string') return left === right;
  return left.is === 'ours' ? right.is === 'ours' && left.bk === right.bk : right.is === 'foreign';
}
