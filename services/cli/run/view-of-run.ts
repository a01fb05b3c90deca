import { priceUnknown } from '#core/caps/cap-parked.ts';
import { isConfiguredScope, isMoneyScope } from '#core/caps/cap-scopes.ts';
import { holdInWords } from '#core/caps/cap-words.ts';
import { type CapProgress, capProgress } from '#core/cost-report/cost-caps.ts';
import type { CapPeriod } from '#core/journal.ts';
import { type Batch, itemsToSend, type View } from '#core/view.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import type { Embedded } from '../embedded.ts';
import type { RunSnapshot, SlowBatch } from './run-snapshot.ts';
import { runMoneyScope } from './set-run-cap.ts';

type OfView = Pick<
  RunSnapshot,
  | 'inLanes'
  | 'sealedWaiting'
  | 'reusing'
  | 'atProvider'
  | 'creating'
  | 'releasing'
  | 'slowest'
  | 'retrying'
  | 'fullest'
  | 'parked'
  | 'held'
>;

const slowestShown = 3;

/** What the view and the engine's hints say about a run that is not finished. */
export function viewOfRun(
  { view }: ViewFollower,
  { embedded, run, now }: { embedded: Embedded; run: string; now: number },
): OfView {
  const { engine } = embedded;
  const own = [...view.batches.values()].filter(batch => batch.runs.includes(run) && !batch.settled);
  const atProvider: SlowBatch[] = own.flatMap(({ bk, state, items }) =>
    state.is === 'created' ? [{ bk, pid: state.pid, ageMs: now - state.intent.at, items: items.length }] : [],
  );
  const intentAges = own.flatMap(({ state }) => (state.is === 'intent' ? [now - state.intent.at] : []));
  const waiting = own.filter(({ state }) => state.is === 'sealed' || state.is === 'aborted');
  return {
    inLanes: engine?.openLanes().reduce((sum, lane) => sum + lane.items, 0) ?? 0,
    sealedWaiting: waiting.length,
    reusing: own.reduce((sum, { kind, items }) => sum + (kind === 'reuse' ? items.length : 0), 0),
    atProvider: { batches: atProvider.length, items: atProvider.reduce((sum, batch) => sum + batch.items, 0) },
    creating: { batches: intentAges.length, oldestMs: Math.max(0, ...intentAges) },
    releasing: view.batches
      .values()
      .filter(({ state, settled }) => state.is === 'created' && settled !== null)
      .toArray().length,
    slowest: atProvider.sort((a, b) => b.ageMs - a.ageMs).slice(0, slowestShown),
    retrying: [...view.retries.values()].filter(row => row.runs.includes(run)).length,
    fullest: fullestOf(view, { run, now }),
    parked: parkedOf(engine, waiting, run),
    held: heldBy(embedded, view),
  };
}

/** Why nothing is sent or read now, in words; null while all goes well, and while that is too early to say. */
function heldBy({ engine, accountName }: Embedded, view: View): string | null {
  const trouble = engine?.troubles().find(({ failures }) => failures > 1);
  if (trouble) return trouble.error instanceof Error ? trouble.error.message : String(trouble.error);
  const hold = engine?.accounts.get(accountName)?.hold(view) ?? null;
  return hold === null || hold === 'owner-unseen' ? null : hold;
}

/** Caps of other runs are none of this one's business. */
function fullestOf(view: View, { run, now }: { run: string; now: number }): CapProgress | null {
  const own = runMoneyScope(run);
  return capProgress(view, now).find(({ scope }) => scope === own || isConfiguredScope(scope)) ?? null;
}

/** Only money is waited for in vain: every other cap has room again when a batch ends. */
export const isAboutMoney = (scope: string): boolean => isMoneyScope(scope) || scope === priceUnknown;

function parkedOf(engine: Embedded['engine'], waiting: readonly Batch[], run: string): RunSnapshot['parked'] {
  const scopes = new Map<string, { scope: string; period: CapPeriod | null }>();
  for (const parked of engine?.parked() ?? [])
    if (parked.why === 'cap' && isAboutMoney(parked.scope)) scopes.set(parked.bk, parked);
  const held = waiting.filter(({ bk }) => scopes.has(bk));
  const cap = scopes.get(held[0]?.bk ?? '');
  if (!cap) return null;
  const count = held.reduce((sum, batch) => sum + itemsToSend(batch).length, 0);
  return { count, ...parkedInWords(cap, run) };
}

export function parkedInWords(
  cap: { scope: string; period: CapPeriod | null },
  run: string,
): { why: string; isOwn: boolean; isUnpriced: boolean } {
  const isOwn = cap.scope === runMoneyScope(run);
  const isUnpriced = cap.scope === priceUnknown;
  return { why: isOwn ? 'no room under the cap of this run' : holdInWords(cap), isOwn, isUnpriced };
}
