import { accountMoney, fleetMoney } from './caps/cap-scopes.ts';
import {
  type Amounts,
  type CapPeriod,
  capPeriods,
  type IntentRecord,
  type JournalRecord,
  type PrimeRecord,
  type ReleasedRecord,
  type SealedExtra,
  type SealedItem,
  type SealedRecord,
  type Stamped,
} from './journal.ts';
import type { SourceOfAnswer } from './lane.ts';
import { isPrimeHourFull } from './prompt-cache/primes.ts';
import { reduceSettled } from './reduce-settled.ts';
import { claimKey, formatRid, type Rid } from './rid.ts';
import {
  type Batch,
  type BatchState,
  capKey,
  hashesOf,
  type Intent,
  type Item,
  isUnsent,
  itemsToSend,
  periodKey,
  primesKeptMs,
  retire,
  tightCap,
  type View,
} from './view.ts';

/** Whether a record changed anything. `refused` is no fault: somebody else was first. */
export type Verdict = 'accepted' | 'refused';

/**
 * Protocol §4: what a journal record does to the view. A function of journal records alone: no clock, no configuration,
 * nothing from settled (a retired batch refuses whatever its remembered self would refuse).
 */
export function reduceJournal(view: View, record: Stamped): Verdict {
  switch (record.kind) {
    case 'FLEET':
      return onFleet(view, record);
    case 'ACCOUNT':
      return onAccount(view, record);
    case 'REPIN':
      return onRepin(view, record);
    case 'CAP':
      return onCap(view, record);
    case 'SEALED':
      return onSealed(view, record);
    case 'INTENT':
      return onIntent(view, record);
    case 'CREATED':
      return onCreated(view, record);
    case 'ABORTED':
      return onAborted(view, record);
    case 'CLOSED':
      return onClosed(view, record);
    case 'RELEASED':
      return onReleased(view, record);
    case 'PRIME':
      return onPrime(view, record);
    case 'PRIMED':
      return onPrimed(view, record);
    case 'ADJUSTED':
      return onAdjusted(view, record);
    case 'CANCEL':
      view.canceledRuns.add(record.run);
      return 'accepted';
    default:
      return onUnknown(view, record);
  }
}

type On<Kind extends JournalRecord['kind']> = Extract<JournalRecord, { kind: Kind }> & { at: number };

function onFleet(view: View, record: On<'FLEET'>): Verdict {
  if (view.fleet) return 'refused';
  view.fleet = { id: record.fleet, partitions: record.partitions, settledPartitions: record.settledPartitions };
  return 'accepted';
}

function onAccount(view: View, { account, provider, baseUrl, owner }: On<'ACCOUNT'>): Verdict {
  if (view.accounts.has(account)) return 'refused';
  view.accounts.set(account, { provider, baseUrl, owner });
  return 'accepted';
}

function onRepin(view: View, { account, owner }: On<'REPIN'>): Verdict {
  const pinned = view.accounts.get(account);
  if (!pinned) return 'refused';
  view.accounts.set(account, { ...pinned, owner });
  return 'accepted';
}

function onCap(view: View, { scope, period, limit }: On<'CAP'>): Verdict {
  if (limit === null) view.caps.delete(capKey(scope, period));
  else view.caps.set(capKey(scope, period), limit);
  return 'accepted';
}

/** Each purchase belongs to the first SEALED that names it, each key to the first record that claims it. */
function onSealed(view: View, record: On<'SEALED'>): Verdict {
  if (view.bks.has(record.bk)) return 'refused';
  view.bks.set(record.bk, null);
  const ahead = view.settledAhead.get(record.bk);
  view.settledAhead.delete(record.bk);
  const items = record.items.flatMap(sealed => claim(view, sealed) ?? []);
  if (items.length === 0) return 'refused'; // void: everything was claimed before
  view.batches.set(record.bk, sealedBatch(record, items));
  seePrefixes(view, record);
  if (ahead) reduceSettled(view, { bk: record.bk, ...ahead });
  return 'accepted';
}

/** When a prefix comes again is learnt from these; whether it was read, from SETTLED. */
function seePrefixes({ lessons }: View, { bk, plan, items, at }: On<'SEALED'>): void {
  for (const { hash, ttl, prime } of plan?.marks ?? []) {
    const isSent = plan?.use === 'marked';
    lessons.see({ bk, hash, items: items.length, at, ttl: isSent ? ttl : null, isPrimed: isSent && prime });
  }
}

function claim(view: View, [partition, offset, att, charged, extra]: SealedItem): Item | null {
  const item: Item = {
    partition,
    offset,
    att,
    charged,
    uncharged: extra?.uncharged ?? 0,
    isDuplicate: false,
    of: sourceOf(extra),
  };
  if (view.claims.has(item)) return null;
  view.claims.add(item);
  if (view.retries.size > 0) view.retries.delete(claimKey(item));
  if (extra?.key !== undefined) item.isDuplicate = !holdsKey(view, extra.key, item);
  return item;
}

/** Each key belongs to the first record that claims it: a record, so a retry keeps its own. */
function holdsKey(view: View, key: string, rid: Rid): boolean {
  const holder = view.keys.get(key);
  if (holder === undefined) view.keys.set(key, formatRid(rid));
  return holder === undefined || holder === formatRid(rid);
}

const sourceOf = (extra: SealedExtra | undefined): SourceOfAnswer | null =>
  extra?.of ? { partition: extra.of[0], offset: extra.of[1], until: extra.until ?? Number.MAX_SAFE_INTEGER } : null;

function sealedBatch(record: SealedRecord & { at: number }, items: Item[]): Batch {
  const { bk, type: kind, account, recipe, runs, at } = record;
  const batch: Batch = {
    bk,
    kind,
    account,
    recipe,
    runs,
    items,
    plan: record.plan ?? null,
    sub: 0,
    sealedAt: at,
    state: { is: 'sealed' },
    settled: null,
  };
  if (itemsToSend(batch).length === 0) batch.state = { is: 'unsent' };
  return batch;
}

/** True when the journal would accept this INTENT; a submitter appends one only then (protocol §5.2). */
export function acceptsIntent(view: View, record: IntentRecord, at: number): boolean {
  const batch = view.batches.get(record.bk);
  if (!batch || !isUnsent(batch) || record.sub !== batch.sub + 1) return false;
  if (batch.runs.some(run => view.canceledRuns.has(run))) return false;
  return tightCap(view, record.reserve, at) === null;
}

function onIntent(view: View, record: On<'INTENT'>): Verdict {
  const batch = view.batches.get(record.bk);
  if (!batch || !acceptsIntent(view, record, record.at)) return 'refused';
  const { worker, incarnation, nonce, reserve, at } = record;
  batch.sub = record.sub;
  batch.state = { is: 'intent', intent: { worker, incarnation, nonce, reserve, at } };
  use(view, reserve, at, +1);
  return 'accepted';
}

/** The open INTENT of exactly this submission, or null. */
function openIntent(view: View, { bk, sub }: { bk: string; sub: number }): { batch: Batch; intent: Intent } | null {
  const batch = view.batches.get(bk);
  return batch?.state.is === 'intent' && batch.sub === sub ? { batch, intent: batch.state.intent } : null;
}

function onCreated(view: View, record: On<'CREATED'>): Verdict {
  const open = openIntent(view, record);
  if (!open) return 'refused';
  open.batch.state = { is: 'created', intent: open.intent, pid: record.pid, at: record.at };
  view.bks.set(record.bk, record.pid);
  view.pids.set(record.pid, record.bk);
  return 'accepted';
}

function onAborted(view: View, record: On<'ABORTED'>): Verdict {
  const open = openIntent(view, record);
  if (!open) return 'refused';
  open.batch.state = { is: 'aborted', why: record.why, at: record.at };
  use(view, open.intent.reserve, open.intent.at, -1);
  return 'accepted';
}

function onClosed(view: View, { bk, why, at }: On<'CLOSED'>): Verdict {
  const batch = view.batches.get(bk);
  if (!batch || !isUnsent(batch)) return 'refused';
  batch.state = { is: 'closed', why, at };
  view.lessons.forget(bk, hashesOf(batch));
  retire(view, batch); // after a restart settled is read before the journal
  return 'accepted';
}

/** The reserve becomes what was spent, in the period of the INTENT. */
function onReleased(view: View, { bk, actual }: ReleasedRecord): Verdict {
  const batch = view.batches.get(bk);
  if (batch?.state.is !== 'created') return 'refused';
  const { intent, pid, at } = batch.state;
  use(view, intent.reserve, intent.at, -1);
  use(view, actual, intent.at, +1);
  batch.state = { is: 'released', pid, at };
  retire(view, batch);
  return 'accepted';
}

/** True when the journal would accept this PRIME; a submitter appends one only then. */
export const acceptsPrime = (view: View, { id, reserve, perHour = Infinity }: PrimeRecord, at: number): boolean =>
  !view.primes.has(id) &&
  !view.pastPrimes.has(id) &&
  !isPrimeHourFull(view, { perHour, at }) &&
  tightCap(view, reserve, at) === null;

function onPrime(view: View, record: PrimeRecord & { at: number }): Verdict {
  if (!acceptsPrime(view, record, record.at)) return 'refused';
  const { id, account, prefix, ttl = '5m', model = null, nonce, reserve, at } = record;
  forgetPrimes(view, at);
  view.primes.set(id, { account, prefix, ttl, model, nonce, reserve, at, state: 'open' });
  use(view, reserve, at, +1);
  return 'accepted';
}

function onPrimed(view: View, { id, actual }: On<'PRIMED'>): Verdict {
  const prime = view.primes.get(id);
  if (prime?.state !== 'open') return 'refused';
  use(view, prime.reserve, prime.at, -1);
  use(view, actual, prime.at, +1);
  prime.state = Object.values(actual).some(amount => amount > 0) ? 'spent' : 'unsent';
  return 'accepted';
}

/** By the journal's own time, and what is open stays: the same journal leaves the same view. */
function forgetPrimes(view: View, now: number): void {
  for (const [id, { at, state }] of view.primes) {
    if (at > now - primesKeptMs) return; // in the order in which they came
    if (state === 'open') continue;
    view.primes.delete(id);
    view.pastPrimes.add(id);
  }
}

/**
 * The worst case becomes what was billed, for the account and the fleet; whose documents were lost, or whose an orphan was,
 * the report does not say. What it takes off counts in total only, because nobody knows of which day it was;
 * what it adds was in no book, and counts in the day in which it became known.
 */
function onAdjusted(view: View, { account, until, billed, booked, at }: On<'ADJUSTED'>): Verdict {
  const before = view.adjusted.get(account) ?? { until: Number.NEGATIVE_INFINITY, billed: 0, booked: 0 };
  // One from the future would keep all others out until then.
  if (until <= before.until || until > at) return 'refused';
  view.adjusted.set(account, { until, billed, booked });
  const change = billed - booked - (before.billed - before.booked);
  const amounts = { [accountMoney(account)]: change, [fleetMoney]: change };
  use(view, amounts, at, +1, change > 0 ? capPeriods : ['total']);
  return 'accepted';
}

function use(view: View, amounts: Amounts, at: number, sign: 1 | -1, counted: readonly CapPeriod[] = capPeriods): void {
  const periods = counted.map(period => periodKey(period, at));
  for (const [scope, amount] of Object.entries(amounts)) {
    for (const period of periods) {
      const key = `${scope}|${period}`;
      const left = (view.used.get(key) ?? 0) + sign * amount;
      if (left === 0) view.used.delete(key);
      else view.used.set(key, left);
    }
  }
}

function onUnknown(view: View, record: { kind: string }): Verdict {
  view.unknown ??= { what: `journal record ${record.kind}` };
  return 'refused';
}

/** Every pair of a batch state and a record about it that changes something; all others are refused. */
export const transitions: Readonly<Record<BatchState['is'], readonly JournalRecord['kind'][]>> = {
  sealed: ['INTENT', 'CLOSED'],
  unsent: [],
  intent: ['CREATED', 'ABORTED'],
  aborted: ['INTENT', 'CLOSED'],
  created: ['RELEASED'],
  released: [],
  closed: [],
};
