import type { Usage } from './cost.ts';
import type { Money } from './money.ts';
import type { CachePlan, CacheTtl } from './prompt-cache/cache-plan.ts';

/**
 * The records of the journal (protocol §4). What makes one accepted is `reduce-journal.ts`, a function of journal
 * records alone; a change of acceptance is a new `v`.
 */
export type JournalRecord =
  | FleetRecord
  | AccountRecord
  | RepinRecord
  | CapRecord
  | SealedRecord
  | IntentRecord
  | CreatedRecord
  | AbortedRecord
  | ClosedRecord
  | ReleasedRecord
  | PrimeRecord
  | PrimedRecord
  | AdjustedRecord
  | CancelRecord;

export type JournalKind = JournalRecord['kind'];

/** The version that this code writes and understands. Amounts of 1 and 2 were whole nanodollars. */
export const journalVersion = 3;

export const journalKinds = [
  'FLEET',
  'ACCOUNT',
  'REPIN',
  'CAP',
  'SEALED',
  'INTENT',
  'CREATED',
  'ABORTED',
  'CLOSED',
  'RELEASED',
  'PRIME',
  'PRIMED',
  'ADJUSTED',
  'CANCEL',
] as const satisfies readonly JournalKind[];

/** A record with the log's own time and place. */
export type Stamped = JournalRecord & { at: number };

/** Amounts by scope, for example `account:main:items` or `run:r_1:money`; what ends in `money` is `Money`. */
export type Amounts = Readonly<Record<string, number>>;

/** The random id of the fleet; never from configuration. */
export interface FleetRecord {
  kind: 'FLEET';
  fleet: string;
  partitions: number;
  settledPartitions: number;
}

/** Pins the organisation or workspace behind a key. */
export interface AccountRecord {
  kind: 'ACCOUNT';
  account: string;
  provider: string;
  baseUrl: string;
  owner: string;
}

/** An operator's word that the account now has another owner. */
export interface RepinRecord {
  kind: 'REPIN';
  account: string;
  owner: string;
}

/** A limit for INTENT; null lifts it. */
export interface CapRecord {
  kind: 'CAP';
  scope: string;
  period: CapPeriod;
  limit: number | null;
}

export const capPeriods = ['total', 'day', 'month'] as const;
export type CapPeriod = (typeof capPeriods)[number];

/** `[partition, offset, att, charged, extra?]`: short, because a journal holds one for every purchase. */
export type SealedItem =
  | readonly [number, number, number, number]
  | readonly [number, number, number, number, SealedExtra];

export interface SealedExtra {
  /** Idempotency key, claimed for the record. */
  key?: string;
  /** Tries that spent nothing but have a cap of their own (protocol S4). */
  uncharged?: number;
  /** Kind `reuse`: the record whose answer is reused. */
  of?: readonly [number, number];
  /** Kind `reuse`: how long it waits for that answer, ms since the epoch; then it is bought itself. */
  until?: number;
}

export type BatchKind = 'batch' | 'reject' | 'reuse';

export interface SealedRecord {
  kind: 'SEALED';
  bk: string;
  type: BatchKind;
  account: string;
  /** Content hash of the recipe; empty for rejects. */
  recipe: string;
  runs: readonly string[];
  items: readonly SealedItem[];
  /** Where its cache markers go; absent when there are none to speak of. It decides nothing about what is accepted. */
  plan?: CachePlan;
}

export interface IntentRecord {
  kind: 'INTENT';
  bk: string;
  sub: number;
  worker: string;
  incarnation: string;
  nonce: string;
  reserve: Amounts;
}

export interface CreatedRecord {
  kind: 'CREATED';
  bk: string;
  sub: number;
  pid: string;
}

export interface AbortedRecord {
  kind: 'ABORTED';
  bk: string;
  sub: number;
  why: string;
}

export interface ClosedRecord {
  kind: 'CLOSED';
  bk: string;
  why: CloseReason;
}

/** `invalid`: the provider refused the envelope; like a split, so that the item at fault stands alone in the end. */
export const closeReasons = ['canceled', 'deadline', 'split', 'invalid', 'parked-too-long'] as const;
export type CloseReason = (typeof closeReasons)[number];

export interface ReleasedRecord {
  kind: 'RELEASED';
  bk: string;
  actual: Amounts;
}

/** One small call that writes a cache entry before a batch reads it. A purchase like an INTENT, and never repeated. */
export interface PrimeRecord {
  kind: 'PRIME';
  id: string;
  account: string;
  /** Hash of the mark that it writes. */
  prefix: string;
  /** Of the entry; absent: five minutes. */
  ttl?: CacheTtl;
  /** That is asked; absent in records of earlier programs. It decides nothing, like that of PRIMED. */
  model?: string;
  /** Names the call that may be sent, as in an INTENT. */
  nonce: string;
  reserve: Amounts;
  /** It wins only while fewer were bought in the hour before it; absent in records of earlier programs: no bound. */
  perHour?: number;
}

export interface PrimedRecord {
  kind: 'PRIMED';
  id: string;
  /** What it cost; nothing when it was refused or not sent. */
  actual: Amounts;
  /** As its answer names it; absent when there was none. */
  model?: string;
  /** Of that answer; absent also in records of earlier programs. */
  usage?: Usage;
  /** It was asked with `inference_geo: "us"`. */
  isUsOnly?: true;
}

/**
 * What the provider's usage report says of everything bought up to a moment at which nothing was under way. Both sums are
 * of all time, so the latest moment counts, and the same comparison counts once.
 */
export interface AdjustedRecord {
  kind: 'ADJUSTED';
  account: string;
  /** Ms since the epoch, a whole minute. */
  until: number;
  /** Billed, and never shown: lost lines, lost replies of primes, batches that ended without a line. */
  billed: Money;
  /** What RELEASED and PRIMED hold for it, at its worst case. */
  booked: Money;
}

export interface CancelRecord {
  kind: 'CANCEL';
  run: string;
}
