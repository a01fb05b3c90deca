import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import { deleteProjectionFile } from '#projection/open-projection-file.ts';
import { Projection, type ProjectionBounds } from '#projection/projection.ts';

export interface ProjectionKeeperOptions {
  path: string;
  log: Log;
  clock: Clock;
  bounds?: ProjectionBounds;
  /** Why the log that was opened is no longer the one to look at; null while it is. */
  logFault?: () => string | null;
}

/** What screens say about how old their figures are. */
export interface Freshness {
  /** `building`: not yet read to the end of the log since it was opened. */
  is: 'building' | 'live';
  /** Everything that was in the log at this time is in the figures, by this machine's clock; null: no such time yet. */
  asOf: number | null;
  /** Offsets that are not read yet; only known while building. */
  behind: number | null;
  /** Why it does not go on. */
  trouble: string | null;
}

const waitMs = 1_000;
/** What comes in this time is folded together. */
const gatherMs = 100;
const troubleDelayMs = 1_000;
const behindEveryMs = 1_000;
/** How soon it is noticed that the log is another one. */
const checkEveryMs = 10_000;

/**
 * Keeps one projection at the end of the log: opens it, folds what comes, and begins anew when its file was deleted or
 * could not be written. Nothing it has can be lost.
 */
export class ProjectionKeeper {
  readonly #options: ProjectionKeeperOptions;
  #projection: Projection | null = null;
  #freshness: Freshness = { is: 'building', asOf: null, behind: null, trouble: null };
  #behindAt = -Infinity;
  #checkedAt = -Infinity;
  #isRebuildAsked = false;

  constructor(options: ProjectionKeeperOptions) {
    this.#options = options;
  }

  /** Null while it is being opened. */
  get projection(): Projection | null {
    return this.#projection;
  }

  get freshness(): Freshness {
    return this.#freshness;
  }

  /** Deletes the file, and reads the log again from its start. */
  rebuild(): void {
    this.#isRebuildAsked = true;
  }

  /** Until `signal` is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#round(signal);
      } catch (error) {
        this.#freshness = { ...this.#freshness, trouble: error instanceof Error ? error.message : String(error) };
        if (this.#projection?.isBroken) this.#drop();
        await clock.sleep(troubleDelayMs, signal);
      }
    }
    this.#drop();
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const projection = await this.#open();
    await this.#check(projection);
    const begunAt = clock.now();
    if (await projection.advance()) {
      this.#freshness = { is: 'live', asOf: begunAt, behind: 0, trouble: null };
      await log.waitForMore(projection.marks(), waitMs, signal);
      await clock.sleep(gatherMs, signal);
    } else {
      await this.#countBehind(projection);
      await clock.sleep(0, signal); // requests come in between
    }
  }

  async #open(): Promise<Projection> {
    const { path, log, bounds } = this.#options;
    if (this.#projection && (this.#isRebuildAsked || !this.#projection.isThere)) {
      const { path: own } = this.#projection;
      this.#drop();
      deleteProjectionFile(own);
    }
    this.#isRebuildAsked = false;
    this.#projection ??= await Projection.open({ path, log, ...(bounds ? { bounds } : {}) });
    return this.#projection;
  }

  /** A log that stands still because it is no longer there must not be shown as one in which nothing happens. */
  async #check(projection: Projection): Promise<void> {
    const { clock, logFault } = this.#options;
    const fault = logFault?.() ?? null;
    if (fault !== null) throw new FlotillaError('log-recreated', { why: fault, fix: 'start the console again' });
    if (clock.monotonic() - this.#checkedAt < checkEveryMs) return;
    this.#checkedAt = clock.monotonic();
    if (!(await projection.isOfLog())) this.rebuild();
  }

  #drop(): void {
    this.#projection?.close();
    this.#projection = null;
    // What is shown next may be less than what was shown before: as of no time at all.
    this.#freshness = { ...this.#freshness, is: 'building', asOf: null, behind: null };
  }

  async #countBehind(projection: Projection): Promise<void> {
    const { clock, log } = this.#options;
    if (this.#freshness.is === 'live' || clock.monotonic() - this.#behindAt < behindEveryMs) return;
    this.#behindAt = clock.monotonic();
    let behind = 0;
    for (const { topic, partition, from } of projection.marks()) {
      behind += Math.max(0, (await log.endOffset(topic, partition)) - from);
    }
    this.#freshness = { ...this.#freshness, behind, trouble: null };
  }
}
