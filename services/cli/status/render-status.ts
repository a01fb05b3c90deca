import { basename } from 'node:path';
import { roleNames } from '#contracts/roles.ts';
import { capInWords } from '#core/caps/cap-words.ts';
import type { CapProgress } from '#core/cost-report/cost-caps.ts';
import { decimalDollars, formatDollars, sumOrUnknown } from '#core/money.ts';
import { type Batch, isSettledUnsent, itemsToSend } from '#core/view.ts';
import type { Parked } from '#runtime/parked-batches.ts';
import { capJson, parkedJson, parkedTexts } from '../cost/cap-lines.ts';
import type { Workforce } from '../open-state.ts';
import { cutEnd, oneLine } from '../terminal/fit-text.ts';
import { countOf, formatAge, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import { type AnswerCount, type Survey, stateOfRun } from './survey.ts';

export interface Status {
  survey: Survey;
  /** Caps on money in force, but for those of runs, the fullest first. */
  caps: readonly CapProgress[];
  parked: Parked;
  workforce: Workforce;
  isSimulated: boolean;
  /** A folder, or brokers and topic prefix. */
  place: string;
  now: number;
}

interface BatchSums {
  waiting: Batch[];
  ambiguous: Batch[];
  atProvider: Batch[];
  items: number;
  /** Documents that wait for an answer which is bought for another. */
  reusing: number;
  oldestMs: number | null;
}

const runsShown = 20;

/** What `status` says. */
export function renderStatus(status: Status, look: TerminalLook): string {
  const { survey, workforce, isSimulated, place } = status;
  const { glyphs, paint, width } = look;
  const { waiting, ambiguous, atProvider, items, oldestMs, reusing } = sumBatches(status);
  const oldest = oldestMs === null ? '' : `, the oldest for ${formatAge(oldestMs)}`;
  const row = (label: string, text: string): string =>
    `  ${label.padEnd(12)} ${cutEnd(text, width - 15, glyphs.ellipsis)}`;
  return [
    row('state', `${place}${isSimulated ? ' (simulated)' : ''}`),
    ...workforceRows(workforce, look).map(([label, text]) => row(label, text)),
    row('at provider', `${countOf(atProvider.length, 'batch')}, ${countOf(items, 'document')}${oldest}`),
    ...(ambiguous.length > 0
      ? [row('unanswered', `${countOf(ambiguous.length, 'create')}, looked for at the provider`)]
      : []),
    row('waiting', `${countOf(waiting.length, 'batch')}, ${countOf(survey.unsealed, 'document')} in no batch yet`),
    ...(reusing > 0 ? [row('sharing', `${countOf(reusing, 'document')} wait for an answer bought for another`)] : []),
    ...parkedTexts(status.parked).map(text => row('parked', paint('yellow', text))),
    ...capRows(status.caps).map(text => row('cap', text)),
    ...(survey.view.retries.size > 0 ? [row('retries', `${countOf(survey.view.retries.size, 'document')} wait`)] : []),
    ...(survey.view.unknown ? [row('log', paint('red', `holds a ${survey.view.unknown.what}, not read`))] : []),
    ...runlessRows(survey, look).map(text => row('no run', text)),
    '',
    ...runLines(survey, look),
    '',
  ].join('\n');
}

const capsShown = 5;

function capRows(caps: readonly CapProgress[]): string[] {
  const hidden = caps.length - capsShown;
  const more = hidden > 0 ? [`and ${formatCount(hidden)} that are used less: flotilla cost`] : [];
  return [...caps.slice(0, capsShown).map(cap => oneLine(capInWords(cap))), ...more];
}

function workforceRows(workforce: Workforce, { glyphs }: TerminalLook): [string, string][] {
  if (workforce.is === 'engine') {
    const none = `${glyphs.paused} none; the next flotilla run or dev goes on with what is open`;
    return [['engine', workforce.isRunning ? `${glyphs.ok} running` : none]];
  }
  const { workers, why } = workforce;
  if (why !== null) return [['workers', `${glyphs.paused} not known: ${oneLine(why)}`]];
  if (workers.length === 0) return [['workers', `${glyphs.paused} none; start one: flotilla worker`]];
  const byRole = roleNames.map(role => `${workers.filter(({ roles }) => roles.includes(role)).length} ${role}`);
  const lanes = workers.reduce((sum, { laneCount }) => sum + laneCount, 0);
  const items = workers.reduce((sum, { laneItems }) => sum + laneItems, 0);
  return [
    ['workers', `${glyphs.ok} ${countOf(workers.length, 'process')}: ${byRole.join(', ')}`],
    ['open lanes', `${formatCount(lanes)} with ${countOf(items, 'document')}`],
  ];
}

function sumBatches({ survey, now }: Status): BatchSums {
  const unsettled = [...survey.view.batches.values()].filter(batch => !batch.settled);
  const open = unsettled.filter(batch => !isSettledUnsent(batch));
  const atProvider = open.filter(({ state }) => state.is === 'created' || state.is === 'released');
  const since = atProvider.flatMap(({ state }) => (state.is === 'created' ? [state.intent.at] : []));
  return {
    waiting: open.filter(({ state }) => state.is === 'sealed' || state.is === 'aborted'),
    ambiguous: open.filter(({ state }) => state.is === 'intent'),
    atProvider,
    items: atProvider.reduce((sum, batch) => sum + itemsToSend(batch).length, 0),
    reusing: unsettled.reduce((sum, batch) => sum + (batch.kind === 'reuse' ? batch.items.length : 0), 0),
    oldestMs: since.length === 0 ? null : now - Math.min(...since),
  };
}

function runlessRows({ runless }: Survey, { glyphs }: TerminalLook): string[] {
  const { succeeded, dead } = runless;
  if (succeeded + dead === 0) return [];
  const failed = dead > 0 ? ` ${glyphs.dot} ${formatCount(dead)} dead` : '';
  return [`${formatCount(succeeded)} ok${failed} ${glyphs.dot} ${costText(runless)}`];
}

/** What stands in no sum must not be taken for free. */
function costText({ cost, unpriced }: AnswerCount): string {
  const known = sumOrUnknown(cost, unpriced);
  if (known === null) return 'cost unknown';
  return unpriced > 0 ? `${formatDollars(known)} and unknown prices` : formatDollars(known);
}

const costUsd = ({ cost, unpriced }: AnswerCount): string | null => {
  const known = sumOrUnknown(cost, unpriced);
  return known === null ? null : decimalDollars(known);
};

function runLines({ runs, runless }: Survey, look: TerminalLook): string[] {
  const isNothingYet = runs.length === 0 && runless.succeeded + runless.dead === 0;
  if (isNothingYet) return ['  no runs yet: flotilla run FILE'];
  const { glyphs, paint, width } = look;
  const shown = runs.slice(-runsShown);
  const lines = shown.map(run => {
    const { succeeded, dead, lines: total, cap, input, isComplete } = run;
    const of = total === null ? '' : ` of ${formatCount(total)}${isComplete ? '' : ' so far'}`;
    const state = stateOfRun(run);
    const sign = { done: dead > 0 ? glyphs.dead : glyphs.ok, canceled: glyphs.paused, open: glyphs.waiting }[state];
    const failed = dead > 0 ? ` ${glyphs.dot} ${formatCount(dead)} dead` : '';
    const capped = state === 'open' && cap !== null ? `, under a cap of ${formatDollars(cap)}` : '';
    const name = input === null ? '' : `  ${oneLine(basename(input))}`;
    const text = `  ${sign} ${run.run}  ${formatCount(succeeded)} ok${failed}${of} ${glyphs.dot} ${costText(run)}  ${state}${capped}${name}`;
    return paint(state === 'done' && dead === 0 ? 'green' : 'yellow', cutEnd(text, width, glyphs.ellipsis));
  });
  const hidden = runs.length - shown.length;
  return hidden > 0 ? [`  ${countOf(hidden, 'older run')} not shown (--json has all)`, ...lines] : lines;
}

/** For programs. */
export function statusJson(status: Status): Record<string, unknown> {
  const { survey, workforce, isSimulated, place, caps, parked } = status;
  const { waiting, ambiguous, atProvider, items, oldestMs, reusing } = sumBatches(status);
  return {
    state: place,
    simulated: isSimulated,
    ...(workforce.is === 'engine' ? { engineRunning: workforce.isRunning } : { workers: workforce.workers }),
    atProvider: { batches: atProvider.length, documents: items, oldestMs },
    unansweredCreates: ambiguous.length,
    waitingBatches: waiting.length,
    ...(reusing > 0 ? { reusing } : {}),
    ...parkedJson(parked),
    caps: caps.map(capJson),
    unsealedDocuments: survey.unsealed,
    retries: survey.view.retries.size,
    withoutRun: {
      succeeded: survey.runless.succeeded,
      deadLettered: survey.runless.dead,
      costUsd: costUsd(survey.runless),
      unpricedBatches: survey.runless.unpriced,
    },
    runs: survey.runs.map(run => ({
      run: run.run,
      state: stateOfRun(run),
      input: run.input,
      documents: run.lines,
      isComplete: run.isComplete,
      succeeded: run.succeeded,
      deadLettered: run.dead,
      costUsd: costUsd(run),
      unpricedBatches: run.unpriced,
      capUsd: run.cap === null ? null : decimalDollars(run.cap),
    })),
  };
}
