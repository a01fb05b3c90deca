import { type Place, placeKey } from './place.ts';

/** How far the reader of a partition has come. */
export interface Progress extends Place {
  offset: number;
  /** How far it could come; null until that was looked at. */
  readableTo: number | null;
}

interface Watched extends Progress {
  /** Since when readers ask for what is at `offset`. */
  askedSince: number;
  lastAskedAt: number;
  /** Calls that have not come back. */
  open: number;
}

export interface WatchdogOptions {
  stalledMs: number;
  /** The end of what is committed: what a transaction of somebody else holds back is no fault of a reader. */
  readableTo(place: Place): Promise<number>;
  monotonic?: () => number;
}

const checkMs = 10_000;
/** Who has not asked for so long has stopped reading, by back-pressure for example, and is not stuck. */
const pausedMs = 30_000;

/**
 * Compares where readers stand with what there is to read. A client may hang without an error (kafkajs #1163, #659): then only
 * a new process helps, and this is how it learns that it is stuck.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #monotonic: () => number;
  readonly #watched = new Map<string, Watched>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#timer = setInterval(() => void this.check(), checkMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * A reader asks for what is at `offset`, or waits there. @returns to be called when it has its answer, and whether that was that
   * there is something: what the reader does then, and when, is its own affair
   */
  asks(place: Place, offset: number): (answer?: { isThere: boolean }) => void {
    const now = this.#monotonic();
    const key = placeKey(place);
    const known = this.#watched.get(key);
    const watched = known ?? { ...place, offset, readableTo: null, askedSince: now, lastAskedAt: now, open: 0 };
    if (known === undefined) this.#watched.set(key, watched);
    if (watched.offset !== offset || this.#isPaused(watched, now)) watched.askedSince = now;
    watched.offset = offset;
    watched.lastAskedAt = now;
    watched.open += 1;
    return ({ isThere } = { isThere: false }) => {
      watched.open -= 1;
      watched.lastAskedAt = this.#monotonic();
      if (isThere && watched.open === 0) watched.askedSince = watched.lastAskedAt;
    };
  }

  /** Looks how far readers could come. */
  async check(): Promise<void> {
    const now = this.#monotonic();
    for (const watched of this.#watched.values()) {
      if (this.#isPaused(watched, now)) continue;
      // Without a broker nothing is known, and a new process would not help.
      watched.readableTo = await this.#options.readableTo(watched).catch(() => null);
      if (watched.readableTo === null || watched.readableTo <= watched.offset) watched.askedSince = this.#monotonic();
    }
  }

  health(): { isHealthy: boolean; why: string | null; progress: Progress[] } {
    const now = this.#monotonic();
    const all = [...this.#watched.values()];
    const progress = all.map(({ topic, partition, offset, readableTo }) => ({ topic, partition, offset, readableTo }));
    const stuck = all.find(watched => this.#isStuck(watched, now));
    if (stuck === undefined) return { isHealthy: true, why: null, progress };
    const seconds = Math.round((now - stuck.askedSince) / 1_000);
    const why = `${placeKey(stuck)} stands at ${stuck.offset} of ${stuck.readableTo} for ${seconds} s`;
    return { isHealthy: false, why, progress };
  }

  #isStuck(watched: Watched, now: number): boolean {
    const { readableTo, offset, askedSince } = watched;
    if (readableTo === null || readableTo <= offset || this.#isPaused(watched, now)) return false;
    return now - askedSince > this.#options.stalledMs;
  }

  #isPaused({ open, lastAskedAt }: Watched, now: number): boolean {
    return open === 0 && now - lastAskedAt > pausedMs;
  }
}
