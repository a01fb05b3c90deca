/** Time. `now` is the wall clock and may jump; `monotonic` never goes back and compares only with itself. */
export interface Clock {
  /** Ms since the epoch. */
  now(): number;
  /** Ms since some start. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
