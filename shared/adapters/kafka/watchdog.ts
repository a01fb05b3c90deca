import { type Place, placeKey } from './log-reader.ts';

/** How far the reader of a partition has come. */
export interface Progress extends Place {
  offset: number;
  /** Null until it has been asked for. */
  end: number | null;
}

interface Followed extends Progress {
  movedAt: number;
}

export interface WatchdogOptions {
  stalledMs: number;
  endOf(place: Place): Promise<number>;
  monotonic?: () => number;
}

const checkMs = 5_000;

/**
 * Compares where readers are with where the partitions end. A client may hang without an error (kafkajs #1163, #659); then only
 * a new process helps, and this is how it learns that it is stuck.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #monotonic: () => number;
  readonly #followed = new Map<string, Followed>();
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

  /** The partitions that this process is to read, of one topic. */
  follow(places: readonly Place[]): void {
    const wanted = new Map(places.map(place => [placeKey(place), place]));
    for (const key of this.#followed.keys()) if (!wanted.has(key)) this.#followed.delete(key);
    for (const [key, place] of wanted) {
      if (this.#followed.has(key)) continue;
      this.#followed.set(key, { ...place, offset: 0, end: null, movedAt: this.#monotonic() });
    }
  }

  hasRead(place: Place, offset: number): void {
    const followed = this.#followed.get(placeKey(place));
    if (followed === undefined) return;
    if (offset !== followed.offset) followed.movedAt = this.#monotonic();
    followed.offset = offset;
  }

  async check(): Promise<void> {
    for (const followed of this.#followed.values()) {
      const end = await this.#options.endOf(followed).catch(() => null);
      if (end === null) continue; // no broker: that is no reader's fault, and a new process would not help
      if (end <= followed.offset) followed.movedAt = this.#monotonic();
      followed.end = end;
    }
  }

  health(): { isHealthy: boolean; why: string | null; progress: Progress[] } {
    const now = this.#monotonic();
    const all = [...this.#followed.values()];
    const progress = all.map(({ topic, partition, offset, end }) => ({ topic, partition, offset, end }));
    const stuck = all.find(
      ({ movedAt, end, offset }) => end !== null && end > offset && now - movedAt > this.#options.stalledMs,
    );
    if (stuck === undefined) return { isHealthy: true, why: null, progress };
    const seconds = Math.round((now - stuck.movedAt) / 1_000);
    const why = `${placeKey(stuck)} stands at ${stuck.offset} of ${stuck.end} for ${seconds} s`;
    return { isHealthy: false, why, progress };
  }
}
