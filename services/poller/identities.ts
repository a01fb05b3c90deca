import { parseCustomId } from '#core/custom-id.ts';
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

/**
 * Who the ended batches at a provider without labels belong to, by the first custom_id that can be read. A batch that
 * shows no line on three spaced reads, an hour or more after its end, proves nothing and is no longer waited for.
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
    const result = await read(listed.pid);
    if (result.status !== 'ended') return false;
    reading.seen = await firstIdentity(result.lines, this.#fleet);
    if (reading.seen) return false;
    if (isLate) reading.silentReads += 1;
    if (reading.silentReads < 3) return false;
    reading.seen = { is: 'silent' };
    return true;
  }

  #remember(pid: string, reading: Reading): void {
    this.#readings.set(pid, reading);
    if (this.#readings.size <= remembered) return;
    for (const oldest of this.#readings.keys()) {
      this.#readings.delete(oldest);
      return;
    }
  }
}

async function firstIdentity(
  lines: Extract<ResultRead, { status: 'ended' }>['lines'],
  fleet: string,
): Promise<SeenIdentity | null> {
  for await (const line of lines) {
    if (line.type === 'unreadable') continue;
    const identity = parseCustomId(line.customId);
    return identity?.fleet === fleet ? { is: 'ours', bk: identity.bk } : { is: 'foreign' };
  }
  return null;
}
