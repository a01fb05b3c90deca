import type {
  AbortedRecord,
  Amounts,
  CancelRecord,
  CapRecord,
  ClosedRecord,
  CreatedRecord,
  IntentRecord,
  JournalRecord,
  ReleasedRecord,
  SealedRecord,
  Stamped,
} from '#core/journal.ts';
import { reduceJournal, type Verdict } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import { type RetryRow, type SettledRecord, settledVersion } from '#core/settled.ts';
import { type Batch, createView, type View } from '#core/view.ts';

/** Journal records as a test wants to write them: only what matters to it. */
export const sealed = (bk: string, rest: Partial<Omit<SealedRecord, 'kind' | 'bk'>> = {}): SealedRecord => ({
  kind: 'SEALED',
  bk,
  type: 'batch',
  account: 'main',
  recipe: 'recipe',
  runs: [],
  items: [[0, 0, 0, 0]],
  ...rest,
});

export const intent = (bk: string, sub = 1, reserve: Amounts = {}, rest: Partial<IntentRecord> = {}): IntentRecord => ({
  kind: 'INTENT',
  bk,
  sub,
  worker: 'worker',
  incarnation: 'incarnation',
  nonce: `nonce-${bk}-${sub}`,
  reserve,
  ...rest,
});

export const created = (bk: string, sub = 1, pid = `pid-${bk}-${sub}`): CreatedRecord => ({
  kind: 'CREATED',
  bk,
  sub,
  pid,
});

export const aborted = (bk: string, sub = 1, why = 'absent'): AbortedRecord => ({ kind: 'ABORTED', bk, sub, why });
export const closed = (bk: string, why: ClosedRecord['why'] = 'deadline'): ClosedRecord => ({
  kind: 'CLOSED',
  bk,
  why,
});
export const released = (bk: string, actual: Amounts = {}): ReleasedRecord => ({ kind: 'RELEASED', bk, actual });
export const cancel = (run: string): CancelRecord => ({ kind: 'CANCEL', run });
export const cap = (scope: string, limit: number | null, period: CapRecord['period'] = 'total'): CapRecord => ({
  kind: 'CAP',
  scope,
  period,
  limit,
});

export const settledOf = (bk: string, retry: readonly RetryRow[] = [], actual: Amounts = {}): SettledRecord => ({
  v: settledVersion,
  bk,
  done: [],
  dead: [],
  retry,
  usage: { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 },
  cost: 0,
  individualCost: 0,
  actual,
  runs: {},
});

export const retryRow = (p: number, o: number, att: number, rest: Partial<RetryRow> = {}): RetryRow => ({
  p,
  o,
  att,
  charged: att,
  uncharged: 0,
  notBefore: 0,
  cause: 'provider-error',
  runs: [],
  ...rest,
});

/** Noon in the middle of a month, UTC: no test meets the end of a period by chance. */
export const noon = Date.UTC(2026, 10, 15, 12);

export interface Fold {
  view: View;
  /** Folds one record; at noon unless the test says when. */
  add(record: JournalRecord, at?: number): Verdict;
  addAll(...records: JournalRecord[]): Verdict[];
  settle(record: SettledRecord): void;
  batch(bk: string): Batch;
}

/** A view of its own, filled by hand. */
export function openFold(...records: JournalRecord[]): Fold {
  const view = createView();
  const add = (record: JournalRecord, at = noon): Verdict => reduceJournal(view, { ...record, at } as Stamped);
  const fold: Fold = {
    view,
    add,
    addAll: (...more) => more.map(record => add(record)),
    settle: record => reduceSettled(view, record),
    batch: bk => {
      const batch = view.batches.get(bk);
      if (!batch) throw new Error(`no batch ${bk} in the view`);
      return batch;
    },
  };
  fold.addAll(...records);
  return fold;
}

/** A view as plain data, claims included, to be compared with another. */
export const plainView = (view: View): Record<string, unknown> => ({
  ...view,
  claims: view.claims.toSnapshot(),
  lessons: view.lessons.toSnapshot(),
});
