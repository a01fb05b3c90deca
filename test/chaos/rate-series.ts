const bucketMs = 500;

/** How much was done when: counts of half seconds on the monotonic clock. */
export class RateSeries {
  readonly #counts = new Map<number, number>();

  add(count: number, on = performance.now()): void {
    const bucket = Math.floor(on / bucketMs);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
  }

  /** Per second between two moments. */
  rate(from: number, to: number): number {
    return to <= from ? 0 : this.#between(from, to) / ((to - from) / 1_000);
  }

  /** The longest time between two moments in which nothing was done, ms; to the half second. */
  longestStallMs(from: number, to: number): number {
    let [longest, since] = [0, from];
    for (let on = from; on < to; on += bucketMs) {
      if (this.#counts.has(Math.floor(on / bucketMs))) since = on + bucketMs;
      longest = Math.max(longest, on + bucketMs - since);
    }
    return longest;
  }

  /**
   * How long after `from` the rate over `windowMs` is `wanted` again: to the end of that window's first moment.
   * @returns null when it is not before `to`
   */
  recoveredAfterMs(options: { from: number; to: number; wanted: number; windowMs: number }): number | null {
    const { from, to, wanted, windowMs } = options;
    for (let on = from; on + windowMs <= to; on += bucketMs) {
      if (this.rate(on, on + windowMs) >= wanted) return on - from;
    }
    return null;
  }

  #between(from: number, to: number): number {
    let sum = 0;
    for (let bucket = Math.floor(from / bucketMs); bucket < Math.floor(to / bucketMs); bucket++) {
      sum += this.#counts.get(bucket) ?? 0;
    }
    return sum;
  }
}
