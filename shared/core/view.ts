import { Claims } from './claims.ts';
import type { AbortedRecord, Amounts, BatchKind, CapPeriod, CloseReason } from './journal.ts';
import type { SourceOfAnswer } from './lane.ts';
import { CacheLessons } from './prompt-cache/cache-lessons.ts';
import type { CachePlan, CacheTtl } from './prompt-cache/cache-plan.ts';
import { claimKey, type Rid } from './rid.ts';
import type { RetryRow } from './settled.ts';

/**
 * A fold of journal and settled: what every worker knows. Rebuilt at any start; a snapshot only makes that faster.
 * Batches leave it once nothing can change about them any more; who claimed what stays.
 */
export interface View {
  fleet: { id: string; partitions: number; settledPartitions: number } | null;
  /** By account name. */
  accounts: Map<string, Account>;
  /** Sealed and not yet retired. */
  batches: Map<string, Batch>;
  claims: Claims;
  /** Idempotency keys: which record holds it, as `<partition>/<offset>`. */
  keys: Map<string, string>;
  /** Every batch key ever sealed, with the provider's id once bound (null before, and for what was never created). */
  bks: Map<string, string | null>;
  /** Every provider id ever bound, with its batch key. */
  pids: Map<string, string>;
  canceledRuns: Set<string>;
  /** By `capKey`. */
  caps: Map<string, number>;
  /** Reserved and spent, by `<scope>|<period>`. */
  used: Map<string, number>;
  /** By id: those that may be under way, and those of the last `primesKeptMs`. */
  primes: Map<string, Prime>;
  /** Ids of older ones: all that is left to know of them is that they were. */
  pastPrimes: Set<string>;
  /** By account name: the latest comparison with the provider's usage report. */
  adjusted: Map<string, Adjusted>;
  /** Purchases that are due again and not yet claimed, by claim key. */
  retries: Map<string, RetryRow>;
  /** Settled records whose SEALED this view has not seen yet. */
  settledAhead: Map<string, SettledAhead>;
  /** Set when a record of a newer version was met: this worker must not create (protocol §4). */
  unknown: { what: string } | null;
  /** What batches showed of their prefixes: planners learn from it, and nothing is accepted by it. */
  lessons: CacheLessons;
}

export interface Account {
  provider: string;
  baseUrl: string;
  owner: string;
}

/** As in ADJUSTED. */
export interface Adjusted {
  until: number;
  billed: number;
  booked: number;
}

export interface Prime {
  account: string;
  prefix: string;
  ttl: CacheTtl;
  /** Null where PRIME does not say. */
  model: string | null;
  nonce: string;
  reserve: Amounts;
  /** Journal time of the PRIME, ms since the epoch. */
  at: number;
  /** `open`: may be under way. `spent`: bought, or perhaps bought. `unsent`: known not to have been. */
  state: 'open' | 'spent' | 'unsent';
}

/**
 * An entry lives for an hour at most unless it is read, and an hour is what primes are counted in. The other hour is for
 * stamps that go back.
 */
export const primesKeptMs = 2 * 3_600_000;

export interface SettledAhead {
  retry: readonly RetryRow[];
  actual: Amounts;
}

export interface Batch {
  bk: string;
  kind: BatchKind;
  account: string;
  recipe: string;
  runs: readonly string[];
  /** What this batch won, in sealed order. */
  items: readonly Item[];
  /** As it was sealed: the markers of its requests. */
  plan: CachePlan | null;
  sub: number;
  sealedAt: number;
  state: BatchState;
  /** Set by the first SETTLED: what RELEASED shall say. */
  settled: { actual: Amounts } | null;
}

/** ```text
 * sealed ──INTENT──▶ intent ──CREATED──▶ created ──RELEASED──▶ released
 *   ▲  │               │
 *   │  └─CLOSED─▶ closed    ABORTED
 *   └────INTENT── aborted ◀──┘
 * unsent: items, but nothing to send (rejects, duplicates, reuse): settled without INTENT. A batch that won nothing is
 * void and never enters the view.
 * ``` */
export type BatchState =
  | { is: 'sealed' }
  | { is: 'unsent' }
  | { is: 'intent'; intent: Intent }
  | { is: 'aborted'; why: AbortedRecord['why']; at: number }
  | { is: 'created'; intent: Intent; pid: string; at: number }
  | { is: 'released'; pid: string; at: number }
  | { is: 'closed'; why: CloseReason; at: number };

export type BatchStateName = BatchState['is'];

export interface Intent {
  worker: string;
  incarnation: string;
  nonce: string;
  reserve: Amounts;
  /** Journal time of the INTENT, ms since the epoch. */
  at: number;
}

export interface Item extends Rid {
  att: number;
  charged: number;
  uncharged: number;
  /** Another record holds its idempotency key: it ends unsent. */
  isDuplicate: boolean;
  /** Kind `reuse`: whose answer it takes. */
  of: SourceOfAnswer | null;
}

export const createView = (): View => ({
  fleet: null,
  accounts: new Map(),
  batches: new Map(),
  claims: new Claims(),
  keys: new Map(),
  bks: new Map(),
  pids: new Map(),
  canceledRuns: new Set(),
  caps: new Map(),
  used: new Map(),
  primes: new Map(),
  pastPrimes: new Set(),
  adjusted: new Map(),
  retries: new Map(),
  settledAhead: new Map(),
  unknown: null,
  lessons: new CacheLessons(),
});

/** What of a batch goes to the provider. */
export const itemsToSend = (batch: Batch): Item[] =>
  batch.kind === 'batch' ? batch.items.filter(item => !item.isDuplicate) : [];

/** An INTENT or CLOSED may be appended. */
export const isUnsent = (batch: Batch): boolean => batch.state.is === 'sealed' || batch.state.is === 'aborted';

/** Of the prefixes that its plan marks. */
export const hashesOf = ({ plan }: Batch): string[] => (plan?.marks ?? []).map(({ hash }) => hash);

/** It can be settled without asking the provider. */
export const isSettledUnsent = (batch: Batch): boolean => batch.state.is === 'unsent' || batch.state.is === 'closed';

export function isSettled(view: View, bk: string): boolean {
  const batch = view.batches.get(bk);
  return batch ? batch.settled !== null : view.bks.has(bk) || view.settledAhead.has(bk);
}

/**
 * Forgets a batch about which no record can change anything: settled, and released, closed or unsent. Every later
 * record of its key is refused with it and without it.
 */
export function retire(view: View, batch: Batch): void {
  if (!batch.settled) return;
  if (batch.state.is === 'released' || isSettledUnsent(batch)) view.batches.delete(batch.bk);
}

/** The period of a journal time, as it stands in keys of `used`: `total`, `2026-11-23`, `2026-11`. */
export function periodKey(period: CapPeriod, at: number): string {
  if (period === 'total') return period;
  return new Date(at).toISOString().slice(0, period === 'day' ? 10 : 7);
}

export const capKey = (scope: string, period: CapPeriod): string => `${scope}|${period}`;

/** True for a run with a cap of its own: it parks alone, and must not hold back its neighbours. */
export const hasOwnCap = ({ caps }: View, run: string | null): boolean =>
  run !== null && caps.size > 0 && caps.has(`run:${run}:money|total`);

/** The first scope and period whose cap `reserve` does not fit on top of what is used, or null. */
export function tightCap(
  view: Pick<View, 'caps' | 'used'>,
  reserve: Amounts,
  at: number,
): { scope: string; period: CapPeriod } | null {
  for (const [scope, amount] of Object.entries(reserve)) {
    for (const period of ['total', 'day', 'month'] as const) {
      const limit = view.caps.get(capKey(scope, period));
      if (limit === undefined) continue;
      const used = view.used.get(`${scope}|${periodKey(period, at)}`) ?? 0;
      if (used + amount > limit) return { scope, period };
    }
  }
  return null;
}

/** True when `reserve` alone exceeds a cap in force: it would never fit, so the batch has to be split. */
export function exceedsCapAlone(view: View, reserve: Amounts): boolean {
  return Object.entries(reserve).some(([scope, amount]) =>
    (['total', 'day', 'month'] as const).some(period => amount > (view.caps.get(capKey(scope, period)) ?? Infinity)),
  );
}

/** The lowest offset of a document that is sealed and not answered; Infinity when all are. */
export function oldestOpenOffset(view: View, partition: number): number {
  let oldest = Infinity;
  for (const { items, settled } of view.batches.values()) {
    if (settled) continue;
    for (const item of items) if (item.partition === partition) oldest = Math.min(oldest, item.offset);
  }
  for (const row of view.retries.values()) if (row.p === partition) oldest = Math.min(oldest, row.o);
  return oldest;
}

/** Retry rows that are due by `now` and claimed by nobody. */
export const dueRetries = (view: View, now: number): [string, RetryRow][] =>
  [...view.retries].filter(([, row]) => row.notBefore <= now);

export const retryKey = (row: RetryRow): string => claimKey({ partition: row.p, offset: row.o, att: row.att });
