import { capInWords } from '#core/caps/cap-words.ts';
import { type CapProgress, shareOf } from '#core/cost-report/cost-caps.ts';
import { type CostKey, type CostLine, isMoneyKnown, type SpendSums } from '#core/cost-report/cost-report.ts';
import type { NeverShownCost } from '#core/cost-report/never-shown-cost.ts';
import type { SpendAnomalies } from '#core/cost-report/spend-anomalies.ts';
import { formatDollars, type Money } from '#core/money.ts';
import type { Parked } from '#runtime/parked-batches.ts';
import { firstThatFits, oneLine, wrapText } from '../terminal/fit-text.ts';
import { countOf } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import { timeText } from '../terminal/time-text.ts';
import { anomalyLines } from './anomaly-lines.ts';
import { parkedTexts } from './cap-lines.ts';
import { costTable } from './cost-table.ts';

export interface CostReport {
  since: string | null;
  until: string | null;
  by: readonly CostKey[];
  lines: readonly CostLine[];
  total: Omit<CostLine, 'by'>;
  neverShown: NeverShownCost;
  caps: readonly CapProgress[];
  parked: Parked;
  anomalies: SpendAnomalies;
  /** No key: nothing was bought. */
  isSimulated: boolean;
  /** What a newer program wrote, and these figures lack. */
  unknown: string | null;
}

const linesShown = 100;
const capsShown = 20;
/** From here on a cap is told in colour. */
const nearlyFull = 80;

/** What `cost` says. */
export function renderCost(report: CostReport, look: TerminalLook): string {
  const { lines, total } = report;
  const rest = [...parkedLines(report.parked, look), ...capLines(report.caps, look)];
  const unread =
    report.unknown === null ? [] : [look.paint('red', `  the log has a ${oneLine(report.unknown)}, not read`)];
  if (lines.length === 0) return `${[`nothing was bought${periodText(report)}`, ...unread, ...rest].join('\n')}\n`;
  const shown = lines.slice(-linesShown);
  // What reads a pipe wraps nothing, and wants all of it.
  const width = look.isTty ? look.width : Infinity;
  const table = costTable({ ...report, lines: shown }, { ...look, width });
  const hidden = lines.length - shown.length;
  return [
    `cost${periodText(report)}`,
    '',
    look.paint('dim', table.head),
    ...(hidden > 0 ? [`  ${countOf(hidden, 'line')} before these not shown (--json has all)`] : []),
    ...table.rows,
    look.paint('bold', table.total),
    ...hiddenLines(table.hidden, look),
    '',
    ...sumLines(total, width),
    ...noteLines(total.sums),
    ...neverShownLines(report.neverShown, width),
    ...(report.isSimulated ? [look.paint('yellow', '  simulated: no key is configured, nothing was bought')] : []),
    ...unread,
    ...anomalyLines(report.anomalies, look),
    ...rest,
    '',
  ].join('\n');
}

function periodText({ since, until }: CostReport): string {
  if (since === null && until === null) return '';
  return ` ${since === null ? '' : `from ${since} `}${until === null ? '' : `until ${until} `}(UTC)`;
}

const hiddenLines = (hidden: readonly string[], { paint, width }: TerminalLook): string[] =>
  hidden.length === 0
    ? []
    : wrapText(`no room for ${hidden.join(', ')}`, width - 2).map(line => paint('dim', `  ${line}`));

type SumRow = readonly [name: string, amount: Money, note: string];

/** Term by term, so that it adds up on paper: batch - reuse - cache + primes = billed, individual - billed = saved. */
function sumLines(total: CostReport['total'], width: number): string[] {
  const { money, sums } = total;
  const { answers } = sums.reused;
  const reused = `${countOf(answers, 'request')} not bought: answers given again`;
  const isKnown = isMoneyKnown(total);
  const share = money.individual > 0 ? `, ${Math.round((money.saved / money.individual) * 100)} %` : '';
  const again: SumRow[] = answers > 0 ? [['reuse', -money.reused, reused]] : [];
  const rows: readonly SumRow[] = [
    ['as single calls', money.individual, 'what was delivered'],
    ['as batches', money.batch, answers > 0 ? 'what was bought or given again' : 'what was bought'],
    ...again,
    ['cache', -money.cache, money.cache < 0 ? 'markers cost more than they brought' : ''],
    ['primes', money.primes, ''],
    ['billed', money.billed, ''],
    ['  of it retries', money.retries, ''],
    ['  of it waste', money.waste, 'bought and not delivered'],
    ['saved', money.saved, `against single calls${share}`],
  ];
  return rows.map(([name, amount, note]) => {
    const figure = `  ${name.padEnd(16)} ${formatDollars(isKnown ? amount : null).padStart(13)}`;
    return firstThatFits([`${figure}  ${note}`.trimEnd(), figure], width, '');
  });
}

/** What stands in no sum must not be taken for free. */
function noteLines({ unpriced, reused, lost }: SpendSums): string[] {
  const again = `price unknown for ${countOf(reused.unpriced, 'answer')} given again, in no sum`;
  return [
    ...(unpriced > 0 ? [`  price unknown for ${countOf(unpriced, 'answer')}, in no sum`] : []),
    ...(reused.unpriced > 0 ? [`  ${again}`] : []),
    ...(lost > 0 ? [`  ${countOf(lost, 'answer')} lost by the provider, perhaps billed, in no sum`] : []),
  ];
}

/**
 * Of all time, and in none of the sums above: nobody knows whose documents they were. A prime that was never answered is in it, and
 * above at its worst case. Nothing is said where there is nothing to say.
 */
function neverShownLines(cost: NeverShownCost, width: number): string[] {
  if (cost.is === 'unknown') {
    if (cost.booked === 0) return [];
    const upTo = `billed and never shown: unknown, up to ${formatDollars(cost.booked)} booked at worst case`;
    return [firstThatFits([`  ${upTo}; flotilla reconcile asks the provider`, `  ${upTo}`], width, `  ${upTo}`)];
  }
  const billed = `billed and never shown: ${formatDollars(cost.billed)}`;
  const by = `by the provider's usage report up to ${timeText(cost.until)}`;
  return [firstThatFits([`  ${billed} ${by}`], width, `  ${billed}`)];
}

/** What waits before its create, by the cap that holds it. */
function parkedLines(parked: Parked, { paint, glyphs }: TerminalLook): string[] {
  return parkedTexts(parked).map(text => paint('yellow', `  ${glyphs.paused} parked: ${text}`));
}

function capLines(caps: readonly CapProgress[], { paint }: TerminalLook): string[] {
  if (caps.length === 0) return [];
  const shown = caps.slice(0, capsShown);
  const hidden = caps.length - shown.length;
  const lines = shown.map(cap => {
    const text = `  ${oneLine(capInWords(cap))}`;
    return shareOf(cap) * 100 >= nearlyFull ? paint('yellow', text) : text;
  });
  const more = hidden > 0 ? [`  ${countOf(hidden, 'cap')} less used not shown (--json has all)`] : [];
  return ['', '  caps', ...lines, ...more];
}
