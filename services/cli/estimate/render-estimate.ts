import type { Estimate, Range } from '#core/estimate/estimate.ts';
import { formatDollars } from '#core/money.ts';
import { oneLine, wrapText } from '../terminal/fit-text.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import { inputInWords, outputInWords } from './basis.ts';
import { assumed, type EstimateReport, individually, priceTableDate } from './estimate-report.ts';

const labelWidth = 16;
const columnWidth = 14;

/** What `estimate` says. */
export function renderEstimate(name: string, report: EstimateReport, look: TerminalLook): string {
  const { paint } = look;
  const { documents, rejected, sum, unpriced } = report;
  return [
    `${paint('bold', oneLine(name))}  ${countOf(documents, 'document')}`,
    ...(rejected > 0 ? [`  ${countOf(rejected, 'line')} would be rejected, at no cost: flotilla validate`] : []),
    '',
    row('tokens', ['low', 'expected', 'high']),
    row('  input', counts(sum.input)),
    row('  output', counts(sum.output)),
    '',
    ...(sum.cost ? costLines(sum, sum.cost, look) : []),
    ...likelyLine(report),
    ...unpricedLine(unpriced, look),
    '',
    ...assumptions(report, look),
    '',
  ].join('\n');
}

/** One line for those who only want to know about how much. */
export function estimateInShort({ sum, unpriced, input, output }: EstimateReport): string | null {
  const unknown = unpriced.documents > 0 ? `unknown price: ${countOf(unpriced.documents, 'document')}` : '';
  if (!sum.cost) return unknown === '' ? null : unknown;
  const label = [...new Set([input.label, output.label])].join(', answers ');
  const [expected, high] = [sum.cost.expected, sum.cost.high].map(Math.round).map(formatDollars);
  const about = `about ${expected}, at most ${high}; ${label}`;
  return unknown === '' ? about : `${about}; ${unknown}, in no sum`;
}

function costLines(sum: Estimate, cost: Range, { paint }: TerminalLook): string[] {
  const single = individually(sum);
  return [
    row('cost', ['low', 'expected', 'high']),
    row('  individually', amounts(single)),
    paint('bold', row('  as batches', amounts(cost))),
    paint('green', row('  saved', ['', formatDollars(Math.round(single.expected - cost.expected))])),
  ];
}

function likelyLine({ sum: { likely }, cache }: EstimateReport): string[] {
  if (!likely) return [];
  const [low, high] = [likely.low, likely.high].map(amount => formatDollars(Math.round(amount)));
  return [
    '',
    `  ${'likely'.padEnd(labelWidth)}${low} to ${high} as batches${cache.label === 'unknown' ? ', without prompt cache' : ''}`,
  ];
}

function unpricedLine({ documents, models }: EstimateReport['unpriced'], { paint }: TerminalLook): string[] {
  if (documents === 0) return [];
  const which = `${countOf(documents, 'document')} (${oneLine(models.join(', '))}), in no sum`;
  return [paint('yellow', `  ${'unknown price'.padEnd(labelWidth)}${which}`)];
}

function assumptions(report: EstimateReport, { width }: TerminalLook): string[] {
  const { input, output, sample, isSimulated } = report;
  return [
    ...sentence('input', inputInWords(input), width),
    ...(sample && sample.refused > 0
      ? sentence('', `${countOf(sample.refused, 'request')} would be refused: they could not be counted`, width)
      : []),
    ...(sample?.stopped ? sentence('', `counting stopped: ${oneLine(sample.stopped)}`, width) : []),
    ...sentence('output', outputInWords(output), width),
    ...(isSimulated && (input.label !== 'calibrated' || output.label === 'learned')
      ? sentence('simulated', 'no key is configured: tokens and answers are those of the simulator', width)
      : []),
    ...sentence('bounds', boundsInWords(report), width),
    ...sentence('assumes', `${assumed(report)}; built-in prices of ${priceTableDate}`, width),
  ];
}

function boundsInWords({ sum: { cost, uncached } }: EstimateReport): string {
  const isMarkable = cost !== null && uncached !== null && cost.high > uncached.high;
  const written = isMarkable ? '; as batches, all written to the cache for an hour, and by primes before' : '';
  return `low: one token for 16 letters, from the cache where that may be, and one for an answer; high: one for each byte, and all of max_tokens${written}`;
}

function sentence(label: string, text: string, width: number): string[] {
  const lines = wrapText(text, Math.max(20, width - labelWidth - 3));
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(labelWidth)}${line}`);
}

const amounts = ({ low, expected, high }: Range): string[] =>
  [low, expected, high].map(amount => formatDollars(Math.round(amount)));

const counts = ({ low, expected, high }: Range): string[] =>
  [low, expected, high].map(count => formatCount(Math.round(count)));

const row = (label: string, cells: readonly string[]): string =>
  `  ${label.padEnd(labelWidth)}${cells.map(cell => cell.padStart(columnWidth)).join('')}`;
