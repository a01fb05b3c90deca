import type { ServerFacts } from './server-facts.ts';

/** How long a reading is believed. */
const readingMs = 1_000;
/** What payloads may fill of a server that has no bound of its own. */
const boundWithoutMaxmemory = 1024 ** 3;

/**
 * How full the server is, so that what can be left out leaves room for what cannot. At `maxmemory` even taking a job is
 * refused, so jobs stop being added earlier, and payloads, which are only a cache, earlier still.
 */
export class RedisMemory {
  readonly #read: () => Promise<ServerFacts>;
  readonly #now: () => number;
  #facts: ServerFacts;
  #readOn: number;
  #isReading = false;

  /** @param options.now monotonic, ms */
  constructor({ read, now, facts }: { read: () => Promise<ServerFacts>; now: () => number; facts: ServerFacts }) {
    this.#read = read;
    this.#now = now;
    this.#facts = facts;
    this.#readOn = now();
  }

  /** Believed to be so, from a reading of the last second: never waits for the server. */
  hasRoomForPayloads(): boolean {
    this.#refresh();
    const { usedMemoryBytes, maxmemoryBytes } = this.#facts;
    return usedMemoryBytes < 0.5 * (maxmemoryBytes || 2 * boundWithoutMaxmemory);
  }

  hasRoomForJobs(): boolean {
    this.#refresh();
    const { usedMemoryBytes, maxmemoryBytes } = this.#facts;
    return maxmemoryBytes === 0 || usedMemoryBytes < 0.8 * maxmemoryBytes;
  }

  /** Part of `maxmemory` in use, 0 to 1; null without a bound. */
  usedShare(): number | null {
    this.#refresh();
    const { usedMemoryBytes, maxmemoryBytes } = this.#facts;
    return maxmemoryBytes === 0 ? null : usedMemoryBytes / maxmemoryBytes;
  }

  #refresh(): void {
    if (this.#isReading || this.#now() - this.#readOn < readingMs) return;
    this.#isReading = true;
    this.#read()
      .then(
        facts => {
          this.#facts = facts;
        },
        () => {}, // away: whatever is tried next says so by itself
      )
      .finally(() => {
        this.#isReading = false;
        this.#readOn = this.#now();
      });
  }
}
