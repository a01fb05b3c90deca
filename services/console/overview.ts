import type { WorkerHint } from '#contracts/worker-hint.ts';
import { capInWords, holdInWords } from '#core/caps/cap-words.ts';
import { shareOf } from '#core/cost-report/cost-caps.ts';
import { decimalDollars, formatDollars, type Money, sumOrUnknown } from '#core/money.ts';
import type { BatchStateName } from '#core/view.ts';
import { errorCatalogue } from '#errors/catalogue.ts';
import type { BatchFigures, CauseFigures, Figures } from '#projection/read-figures.ts';
import type { Budget } from './budget.ts';
import type { Intake } from './intake.ts';
import type { Freshness } from './projection-keeper.ts';
import type { Workers } from './workers.ts';

/** Where the figures come from. */
export interface Source {
  /** A folder, or brokers and prefix; without credentials. */
  name: string;
  /** No key: nothing is bought, and the screen says so. */
  isSimulated: boolean;
  /** Path of the queue board, or why there is none. */
  board: { path: string } | { why: string };
  /** Where its state is kept by something else than hints, whether its engine runs. */
  engine?: () => boolean;
}

export interface OverviewParts {
  now: number;
  freshness: Freshness;
  figures: Figures | null;
  budget: Budget | null;
  workers: Workers;
  intake: Intake | null;
  source: Source;
}

/** Figures older than this are shown as stale. */
export const staleAfterMs = 5_000;
const lanesShownMax = 24;
const settledForTypical = 5;
const capsShownMax = 8;
const nearlyFull = 0.8;

/** `/api/overview`, whole. Times in ms since the epoch, ages in ms, money as decimal text in dollars. */
export function overviewJson(parts: OverviewParts): Record<string, unknown> {
  const { now, freshness, figures, workers, intake, source } = parts;
  const ageMs = freshness.asOf === null ? null : Math.max(0, now - freshness.asOf);
  return {
    now,
    asOf: freshness.asOf,
    ageMs,
    state: freshness.is === 'live' && ageMs !== null && ageMs > staleAfterMs ? 'stale' : freshness.is,
    behind: freshness.behind,
    trouble: freshness.trouble,
    source: { name: source.name, simulated: source.isSimulated, fleet: figures?.fleet ?? null },
    board: source.board,
    newerThanThis: figures?.unknown ?? null,
    intake,
    lanes: lanesJson(workers, { now, tasks: figures?.tasks ?? new Map() }),
    workers: workersJson(workers, { now, journalEnd: intake?.journalEnd ?? null, engine: source.engine }),
    ...(figures
      ? figuresJson(figures, { now, budget: parts.budget })
      : { documents: null, batches: null, deadLetters: null, money: null }),
  };
}

function figuresJson(
  figures: Figures,
  { now, budget }: { now: number; budget: Budget | null },
): Record<string, unknown> {
  const { totals, causes, retriesWaiting } = figures;
  return {
    documents: {
      read: totals.documents,
      succeeded: totals.succeeded,
      dead: totals.dead,
      copies: totals.copies,
      retriesWaiting,
    },
    batches: batchesJson(figures, now),
    deadLetters: { total: totals.dead, causes: causes.map(cause => causeJson(cause, now)) },
    money: { ...moneyJson(totals), ...budgetJson(budget) },
  };
}

function batchesJson({ states, open, settled, totals }: Figures, now: number): Record<string, unknown> {
  const sealedToSettled = settled.map(batch => batch.settledAt - batch.sealedAt).sort((a, b) => a - b);
  const isTypical = sealedToSettled.length >= settledForTypical;
  return {
    open: states.reduce((sum, { batches }) => sum + batches, 0),
    settled: totals.settledBatches,
    /** Median of the newest settled ones, seal to settle. */
    typicalMs: isTypical ? sealedToSettled[Math.floor(sealedToSettled.length / 2)] : null,
    states: states.map(({ state, batches, items, oldestAt }) => {
      return { state, means: stateMeanings[state], batches, documents: items, oldestMs: age(now, oldestAt) };
    }),
    slowest: open.map(batch => openBatchJson(batch, now)),
    newest: settled.slice(0, 5).map(({ settledAt, sealedAt, cost, items, ...batch }) => {
      const tookMs = Math.max(0, settledAt - sealedAt);
      return { ...batch, documents: items, cost: dollars(cost), tookMs, agoMs: age(now, settledAt) };
    }),
  };
}

const openBatchJson = ({ sealedAt, stateAt, items, ...batch }: BatchFigures, now: number): Record<string, unknown> => ({
  ...batch,
  means: stateMeanings[batch.state],
  documents: items,
  ageMs: age(now, sealedAt),
  inStateMs: age(now, stateAt),
});

/** What a batch that is not settled does, for people. */
export const stateMeanings: Readonly<Record<BatchStateName, string>> = {
  sealed: 'waits to be created',
  intent: 'create under way',
  aborted: 'not created, waits to be created again',
  created: 'at the provider',
  released: 'at the provider',
  unsent: 'to be answered without the provider',
  closed: 'to be settled without purchase',
};

function causeJson({ cause, class: kind, count, lastAt, sample }: CauseFigures, now: number): Record<string, unknown> {
  const known = Object.hasOwn(errorCatalogue, cause) ? errorCatalogue[cause as keyof typeof errorCatalogue] : null;
  return {
    cause,
    class: kind,
    count,
    agoMs: age(now, lastAt),
    what: known?.what ?? cause,
    fix: known?.fix ?? 'look at its message',
    // Pasted into a shell: only what a cause of ours can look like.
    replay: /^[a-z][a-z0-9-]*$/.test(cause) ? `flotilla replay --cause ${cause}` : null,
    sample,
  };
}

function moneyJson({ billed, individual, unpricedBatches }: Figures['totals']): Record<string, unknown> {
  const isKnown = sumOrUnknown(billed, unpricedBatches) !== null;
  const saved = individual - billed;
  return {
    billed: dollars(isKnown ? billed : null),
    individual: dollars(isKnown ? individual : null),
    saved: dollars(isKnown ? saved : null),
    savedPercent: individual > 0 ? Math.round((saved / individual) * 100) : null,
    unpricedBatches,
  };
}

/** Names as they came: the page sets them as text. */
function budgetJson(budget: Budget | null): Record<string, unknown> {
  if (budget === null) return { caps: [], parked: [], anomalies: [] };
  return {
    caps: budget.caps.slice(0, capsShownMax).map(cap => {
      return { text: capInWords(cap), isNearlyFull: shareOf(cap) >= nearlyFull };
    }),
    parked: budget.parked.held.map(held => ({ ...held, why: holdInWords(held) })),
    anomalies: budget.anomalies.found.map(({ day, rule, cost, usual }) => {
      return { day, rule, billed: dollars(cost), usual: dollars(usual) };
    }),
  };
}

const dollars = (amount: Money | null): { usd: string | null; text: string } => ({
  usd: amount === null ? null : decimalDollars(amount),
  text: formatDollars(amount),
});

function lanesJson(
  workers: Workers,
  { now, tasks }: { now: number; tasks: ReadonlyMap<string, string> },
): Record<string, unknown> {
  if (!workers.isKnown) return { isKnown: false, why: workers.why };
  const accumulators = workers.workers.filter(({ roles }) => roles.includes('accumulator'));
  if (accumulators.length === 0) return { isKnown: false, why: 'no accumulator has said anything' };
  const open = accumulators.flatMap(({ worker, lanes, seenAt }) =>
    // Lanes have grown older since they were spoken of.
    lanes.map(lane => ({ ...lane, ...nameOfLane(lane.key, tasks), worker, ageMs: lane.ageMs + age(now, seenAt) })),
  );
  return {
    isKnown: true,
    /** Since the one who was heard of longest ago said so. */
    heardMs: Math.max(...accumulators.map(({ seenAt }) => age(now, seenAt))),
    count: accumulators.reduce((sum, { laneCount }) => sum + laneCount, 0),
    documents: accumulators.reduce((sum, { laneItems }) => sum + laneItems, 0),
    shown: open.sort((a, b) => fill(b) - fill(a)).slice(0, lanesShownMax),
  };
}

/** `<account>|<recipe>|…`: what else stands there tells lanes apart, and says nothing to people. */
function nameOfLane(key: string, tasks: ReadonlyMap<string, string>): { account: string | null; task: string | null } {
  const [account = '', recipe] = key.split('|');
  if (recipe === undefined) return { account: null, task: key === 'reject' ? 'no documents: to be rejected' : null };
  return { account, task: tasks.get(recipe) ?? null };
}

/** How near a lane is to its close, by count or by age. */
const fill = ({ items, itemsMax, ageMs, ageMsMax }: WorkerHint['lanes'][number]): number =>
  Math.max(items / itemsMax, ageMs / ageMsMax);

function workersJson(
  found: Workers,
  { now, journalEnd, engine }: { now: number; journalEnd: number | null; engine: Source['engine'] },
): Record<string, unknown> {
  const isEngineRunning = engine?.() ?? null;
  if (!found.isKnown) return { isKnown: false, why: found.why, engineRunning: isEngineRunning };
  return {
    isKnown: true,
    engineRunning: isEngineRunning,
    unreadable: found.unreadable,
    shown: found.workers.map(
      ({ worker, roles, host, pid, startedAt, seenAt, isDraining, parked, troubles, ...hint }) => ({
        worker,
        roles,
        host,
        pid,
        upMs: age(now, startedAt),
        seenMs: age(now, seenAt),
        isDraining,
        parked,
        troubles,
        lanes: hint.laneCount,
        /** Journal records its view had not read when it said so. */
        journalLag: journalEnd === null ? null : Math.max(0, journalEnd - hint.journalOffset),
      }),
    ),
  };
}

const age = (now: number, at: number): number => Math.max(0, now - at);
