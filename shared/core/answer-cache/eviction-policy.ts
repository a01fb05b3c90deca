/** Which keys of a bounded cache stay. Keys only: values are whoever's. Every step is bounded, all times are amortised O(1). */
export interface EvictionPolicy {
  readonly size: number;
  has(key: string): boolean;
  /** Counts as a use. @returns whether it is there */
  use(key: string): boolean;
  /** Puts a key that is not there. @returns what had to go */
  add(key: string): readonly string[];
  delete(key: string): void;
  /** What stays longest comes last. */
  keys(): Iterable<string>;
}
