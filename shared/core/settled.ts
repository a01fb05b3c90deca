import type { Amounts } from './journal.ts';
import type { Money } from './money.ts';
import type { OutcomeCause } from './outcome.ts';
import type { CacheLesson } from './prompt-cache/cache-lessons.ts';
import type { Spend } from './spend.ts';

/**
 * What one settle transaction says beside the results (protocol §4). It never influences the journal's acceptance.
 * The first per `bk` counts.
 */
export interface SettledRecord {
  v: typeof settledVersion;
  bk: string;
  /** `[partition, offset]` of the documents that have a result. */
  done: readonly (readonly [number, number])[];
  dead: readonly (readonly [number, number, OutcomeCause])[];
  retry: readonly RetryRow[];
  /** Tokens as billed, summed over the batch. */
  usage: { input: number; output: number; cacheRead: number; cacheWrite5m: number; cacheWrite1h: number };
  /** Null when a price was unknown. */
  cost: Money | null;
  /** What the same answers would have cost one by one. */
  individualCost: Money | null;
  /** By run: what each spent here, retries and waste included. */
  runs: Readonly<Record<string, { cost: Money; individual: Money }>>;
  /** What RELEASED puts in place of the reserve. */
  actual: Amounts;
  /** What was bought or given again, for whom; absent when nothing was, and in records of earlier programs. */
  spend?: Spend;
  /** What it showed of its prefixes; absent without a plan, and in records of earlier programs. */
  cache?: readonly CacheLesson[];
}

/** A purchase that is due again. `notBefore` in ms since the epoch, by the settling worker's clock. */
export interface RetryRow {
  p: number;
  o: number;
  att: number;
  charged: number;
  uncharged: number;
  notBefore: number;
  cause: OutcomeCause;
  /** Items at most in the next batch; after a split. */
  bound?: number;
  /** An answer of the document was cut: from here on it is asked with a raised cap. */
  isRaised?: true;
  /** Whose answer it goes on waiting for. */
  of?: readonly [number, number];
  runs: readonly string[];
}

/** The version that this code writes and understands. Amounts of version 1 were whole nanodollars. */
export const settledVersion = 2;
