import { runMoney, scopeInWords } from '#core/caps/cap-scopes.ts';
import { capInWords } from '#core/caps/cap-words.ts';
import type { CapProgress } from '#core/cost-report/cost-caps.ts';
import { decimalDollars, formatDollars } from '#core/money.ts';
import { capJson } from '../cost/cap-lines.ts';
import { oneLine, wrapHanging } from '../terminal/fit-text.ts';
import { countOf, formatAge, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import { cacheInWords } from './cache-in-words.ts';
import type { RunSnapshot } from './run-snapshot.ts';

export interface RunResult {
  snapshot: RunSnapshot;
  end: 'done' | 'parked' | 'interrupted' | 'stopped-waiting';
  /** When the run was audited. */
  auditVerdict: string | null;
}

const causesShown = 6;
const nextUnderOwnCap = 'the same command with a higher --max-cost, or none';
/** No cap that is higher makes room for it. */
const nextWithoutPrice =
  'the same command without a cap, or models whose price is known (flotilla estimate names them)';
const nextUnderCaps = 'the same command, with a higher cap in the configuration or in the next period (UTC)';

/** What stands on the terminal when a run ends. */
export function renderSummary(result: RunResult, look: TerminalLook): string {
  const { snapshot, auditVerdict } = result;
  const { paint, glyphs } = look;
  const { answered, out, deadLetters, reused, retries, batches, simulated } = snapshot;
  const more = [
    ...(reused > 0 ? [`${countOf(reused, 'answer')} given again`] : []),
    ...(retries > 0 ? [countOf(retries, 'retry')] : []),
    countOf(batches, 'batch'),
  ];
  const lines = [
    '',
    headline(result, look),
    ...(out === null
      ? []
      : [row('answers', `${countOf(answered.succeeded + answered.dead, 'line')} in ${oneLine(out)}`)]),
    ...deadLetterRows(snapshot, deadLetters),
    row('work', `${more.join(` ${glyphs.dot} `)} in ${formatAge(snapshot.elapsedMs)}`),
    ...costRows(snapshot, look),
    ...(snapshot.fullest === null ? [] : [row('cap', capText(snapshot.fullest, snapshot.run))]),
    ...(simulated ? [row('answers are', paint('yellow', 'simulated: no key is configured, nothing was bought'))] : []),
    ...(auditVerdict === null ? [] : [row('audit', auditVerdict)]),
    ...nextRows(result),
    '',
  ];
  // A terminal breaks what is too long in the middle of a word; who reads a file has no width.
  return lines.flatMap(line => (look.isTty ? wrapped(line, look.width) : [line])).join('\n');
}

const wrapped = (line: string, width: number): string[] =>
  wrapHanging(line, { indent: line.startsWith('  ') ? labelWidth + 3 : 0, width });

function headline({ snapshot, end }: RunResult, { paint, glyphs }: TerminalLook): string {
  const { run, answered, total } = snapshot;
  const all = formatCount(total ?? 0);
  const done = formatCount(answered.succeeded + answered.dead);
  if (end === 'interrupted')
    return paint('yellow', `${glyphs.paused} run ${run} interrupted: ${done} of ${all} answered`);
  if (end === 'stopped-waiting')
    return paint('yellow', `${glyphs.waiting} run ${run} not finished: ${done} of ${all} answered`);
  if (end === 'parked') return paint('yellow', `${glyphs.paused} run ${run} parked: ${done} of ${all} answered`);
  if (answered.dead === 0) return paint('green', `${glyphs.ok} run ${run} done: ${all} of ${all} ok`);
  // Never all green when some failed.
  return paint('yellow', `${glyphs.dead} run ${run} done: ${formatCount(answered.succeeded)} of ${all} ok`);
}

function deadLetterRows({ answered, byCause }: RunSnapshot, path: string | null): string[] {
  if (answered.dead === 0) return [];
  const place = path === null ? '' : ` in ${oneLine(path)}`;
  const sorted = Object.entries(byCause).sort((a, b) => b[1] - a[1]);
  const others = sorted.slice(causesShown).reduce((sum, [, count]) => sum + count, 0);
  return [
    row('dead letters', `${formatCount(answered.dead)}${place}`),
    ...sorted.slice(0, causesShown).map(([cause, count]) => row('', `${formatCount(count).padStart(7)}  ${cause}`)),
    ...(others > 0 ? [row('', `${formatCount(others).padStart(7)}  others`)] : []),
  ];
}

const capText = (cap: CapProgress, run: string): string =>
  oneLine(capInWords(cap).replace(scopeInWords(runMoney(run)), 'this run'));

function costRows({ cost, cache, unpriced }: RunSnapshot, { glyphs }: TerminalLook): string[] {
  if (cost === null) return [row('cost', 'unknown')];
  const saved = cost.individual - cost.billed;
  const share = cost.individual > 0 ? `, ${Math.round((saved / cost.individual) * 100)} %` : '';
  const comparison = `${formatDollars(cost.individual)} as individual calls ${glyphs.dot} saved ${formatDollars(saved)}${share}`;
  const caching = cacheInWords(cache, { separator: ` ${glyphs.dot} ` });
  return [
    row('cost', formatDollars(cost.billed)),
    row('', comparison),
    ...(caching === null ? [] : [row('cache', caching)]),
    ...(unpriced > 0 ? [row('', `price unknown for ${countOf(unpriced, 'batch')}, in no sum`)] : []),
  ];
}

function nextRows({ snapshot, end }: RunResult): string[] {
  const { answered, run, parked } = snapshot;
  if (end === 'interrupted' || end === 'stopped-waiting') {
    return [row('goes on', `${whatGoesOn(snapshot)}; the same command resumes`)];
  }
  if (end === 'parked') {
    const held = parked === null ? [] : [row('parked', `${countOf(parked.count, 'document')}, ${oneLine(parked.why)}`)];
    const isOwn = parked?.isOwn ?? true;
    const next = parked?.isUnpriced ? nextWithoutPrice : isOwn ? nextUnderOwnCap : nextUnderCaps;
    return [...held, row('next', next)];
  }
  return answered.dead > 0 ? [row('next', `flotilla dead-letters ${run}`), row('', `flotilla replay ${run}`)] : [];
}

function whatGoesOn(snapshot: RunSnapshot): string {
  if (snapshot.role === 'attached') return 'the process that is the engine';
  const { atProvider, creating } = snapshot;
  return atProvider.batches + creating.batches > 0 ? 'batches at the provider' : 'nothing';
}

const labelWidth = 13;

const row = (label: string, text: string): string => `  ${label.padEnd(labelWidth)} ${text}`;

function cacheJson({ hitRate, saved, heldBack, primes, tallies }: NonNullable<RunSnapshot['cache']>) {
  const batches = Object.fromEntries(Object.entries(tallies).map(([use, tally]) => [use, tally.batches]));
  return { hitRate, savedUsd: decimalDollars(saved), heldBackShare: heldBack, primes, batches };
}

/** The one JSON object of `run --json`. Money as decimal strings, `null` where it is unknown. */
export function summaryJson({ snapshot, end, auditVerdict }: RunResult): Record<string, unknown> {
  const { run, input, out, deadLetters, total, answered, byCause, cost, unpriced, cap, fullest, parked } = snapshot;
  return {
    run,
    end,
    input,
    out,
    deadLettersOut: deadLetters,
    documents: total ?? 0,
    answered: answered.succeeded + answered.dead,
    succeeded: answered.succeeded,
    deadLettered: answered.dead,
    reused: snapshot.reused,
    deadLettersByCause: byCause,
    costUsd: cost && decimalDollars(cost.billed),
    individualCostUsd: cost && decimalDollars(cost.individual),
    savedUsd: cost && decimalDollars(cost.individual - cost.billed),
    unpricedBatches: unpriced,
    cache: snapshot.cache && cacheJson(snapshot.cache),
    capUsd: cap === null ? null : decimalDollars(cap),
    fullestCap: fullest && capJson(fullest),
    parked,
    retries: snapshot.retries,
    batches: snapshot.batches,
    elapsedMs: snapshot.elapsedMs,
    simulated: snapshot.simulated,
    ...(auditVerdict === null ? {} : { audit: auditVerdict }),
  };
}
