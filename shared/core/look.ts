import type { Timing } from './timing.ts';
import { type Batch, type BatchState, itemsToSend, type View } from './view.ts';

/** One listing of an account's batches: what the three decisions are made from (protocol §6). */
export interface Look {
  /** Wall clock when the first page was asked for. */
  askedAt: number;
  /** Newest first. */
  batches: readonly LookedAt[];
  /** How far back the list goes: the provider's time of the oldest batch seen, -Infinity when it is complete. */
  reach: number;
}

export interface LookedAt {
  pid: string;
  createdAt: number;
  endedAt: number | null;
  hasEnded: boolean;
  itemCount: number;
  label: { fleet: string; bk: string } | null;
}

/** What reading the custom_ids of an ended batch has shown. `silent`: no line on three spaced reads; it proves nothing. */
export type SeenIdentity = { is: 'ours'; bk: string } | { is: 'foreign' } | { is: 'silent' };

/** Batch keys of ours that have ended at the provider and want to be collected. */
export function watch(view: View, look: Look): string[] {
  const ended = new Set(look.batches.flatMap(({ pid, hasEnded }) => (hasEnded ? pid : [])));
  // By batch, not by id: a provider that gives one id twice must not hide one of the two.
  return atProvider(view).flatMap(({ bk, state }) => (ended.has(state.pid) ? bk : []));
}

/**
 * Batches of ours that a list ought to hold and does not: deleted at the provider, or bound to an id that never was one.
 * They are collected all the same, because only a read can tell (protocol §6, 404 on a batch).
 */
export function vanished(
  view: View,
  look: Look,
  { account, timing }: { account: string; timing: Pick<Timing, 'settleMs' | 'skewMs'> },
): string[] {
  const listed = new Set(look.batches.map(({ pid }) => pid));
  return atProvider(view).flatMap(batch => {
    if (batch.state.is !== 'created' || batch.account !== account || listed.has(batch.state.pid)) return [];
    const { at, intent } = batch.state;
    const isCovered = look.reach < intent.at - timing.skewMs && look.askedAt > at + timing.settleMs;
    return isCovered ? batch.bk : [];
  });
}

type BoundBatch = Batch & { state: Extract<BatchState, { is: 'created' | 'released' }> };

const isBound = (batch: Batch): batch is BoundBatch => batch.state.is === 'created' || batch.state.is === 'released';

const atProvider = (view: View): BoundBatch[] =>
  [...view.batches.values()].filter(isBound).filter(({ settled }) => settled === null);

export type Resolution = { is: 'created'; pid: string } | { is: 'absent' } | { is: 'wait' };

export interface ResolveContext {
  fleet: string;
  hasLabels: boolean;
  identities: ReadonlyMap<string, SeenIdentity>;
  timing: Pick<Timing, 'settleMs' | 'skewMs'>;
}

/**
 * What became of an INTENT nobody answered. Adopted only by a label or a custom_id that was read at the provider, absent
 * only when nothing unread could be it, the list reaches back far enough, and it was asked for after `T_settle`.
 */
export function resolve(view: View, batch: Batch, look: Look, context: ResolveContext): Resolution {
  if (batch.state.is !== 'intent') return { is: 'wait' };
  const { at } = batch.state.intent;
  const found = candidates(view, batch, look, context);
  const mine = found.find(({ pid }) => context.hasLabels || isOurs(context.identities.get(pid), batch.bk));
  if (mine) return { is: 'created', pid: mine.pid };
  if (!context.hasLabels && found.some(({ pid }) => !context.identities.has(pid))) return { is: 'wait' };
  // At the edge itself the next page may hold another batch of the same moment.
  if (look.reach >= at - context.timing.skewMs) return { is: 'wait' };
  return { is: look.askedAt > at + context.timing.settleMs ? 'absent' : 'wait' };
}

const isOurs = (identity: SeenIdentity | undefined, bk: string): boolean =>
  identity?.is === 'ours' && identity.bk === bk;

/** Batches at the provider, unknown to the view, that could be what this INTENT created. */
export function candidates(view: View, batch: Batch, look: Look, context: ResolveContext): LookedAt[] {
  if (batch.state.is !== 'intent') return [];
  const { at } = batch.state.intent;
  const { skewMs, settleMs } = context.timing;
  const inWindow = look.batches.filter(
    ({ pid, createdAt }) => !view.pids.has(pid) && createdAt >= at - skewMs && createdAt <= at + settleMs + skewMs,
  );
  // With labels the label alone decides: such a provider may say "0 items" until it has validated.
  if (context.hasLabels) {
    return inWindow.filter(({ label }) => label?.fleet === context.fleet && label.bk === batch.bk);
  }
  const count = itemsToSend(batch).length;
  return inWindow.filter(({ itemCount }) => itemCount === count);
}

export interface Orphan {
  pid: string;
  bk: string;
  /** The batch key is bound to another provider id: this one was bought twice. */
  isBoundElsewhere: boolean;
  /** Our fleet id with a batch key our log does not know: the log was copied. */
  isForeignFleet: boolean;
}

/**
 * Batches that carry our mark and that no INTENT explains. Only labels make it certain enough to cancel. The view MUST
 * have been read to its end after the list was answered: a batch sealed and created meanwhile would look like a copied log.
 */
export function orphans(view: View, look: Look, context: ResolveContext): Orphan[] {
  return look.batches.flatMap(listed => {
    if (view.pids.has(listed.pid)) return [];
    const bk = markOf(listed, context);
    if (bk === null) return [];
    const batch = view.batches.get(bk);
    if (batch?.state.is === 'intent') return [];
    const isBoundElsewhere = typeof view.bks.get(bk) === 'string';
    return [{ pid: listed.pid, bk, isBoundElsewhere, isForeignFleet: !view.bks.has(bk) }];
  });
}

function markOf({ pid, label }: LookedAt, { fleet, hasLabels, identities }: ResolveContext): string | null {
  if (hasLabels) return label?.fleet === fleet ? label.bk : null;
  const identity = identities.get(pid);
  return identity?.is === 'ours' ? identity.bk : null;
}

/** Where a look of this account has to reach back to, by the provider's clock: all open INTENTs and unsettled batches. */
export function lookBackTo(view: View, account: string, timing: Pick<Timing, 'skewMs'>): number {
  let oldest = Infinity;
  for (const { account: owner, state, settled } of view.batches.values()) {
    if (owner !== account || settled) continue;
    if (state.is === 'intent' || state.is === 'created') oldest = Math.min(oldest, state.intent.at);
  }
  return oldest - timing.skewMs;
}

/**
 * How long to wait for the next look: a quarter of the age of the youngest open batch or unresolved INTENT, because what
 * has just begun may end soon and what runs for hours may wait. Null when nothing is open.
 */
export function lookDelayMs(
  view: View,
  account: string,
  { now, timing }: { now: number; timing: Pick<Timing, 'lookMinMs' | 'lookMaxMs'> },
): number | null {
  let youngest = -Infinity;
  for (const { account: owner, state, settled } of view.batches.values()) {
    if (owner !== account || settled) continue;
    if (state.is === 'intent') youngest = Math.max(youngest, state.intent.at);
    if (state.is === 'created') youngest = Math.max(youngest, state.at);
  }
  if (youngest === -Infinity) return null;
  return Math.min(timing.lookMaxMs, Math.max(timing.lookMinMs, (now - youngest) / 4));
}
