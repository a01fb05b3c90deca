import type { CostRange } from '#core/estimate.ts';
import { formatDollars } from '#core/money.ts';
import { oneLine } from '../terminal/fit-text.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import { type FileEstimate, individually, inputTokens, priceTableDate } from './file-estimate.ts';

const labelWidth = 16;
const columnWidth = 14;

/** What `estimate` says. */
export function renderEstimate(name: string, estimate: FileEstimate, look: TerminalLook): string {
  const { paint, glyphs } = look;
  const { documents, rejected, batch, unpriced } = estimate;
  const priced = documents - unpriced.documents;
  return [
    `${paint('bold', oneLine(name))}  ${countOf(documents, 'document')}`,
    ...(rejected > 0 ? [`  ${countOf(rejected, 'line')} would be rejected, at no cost: flotilla validate`] : []),
    '',
    ...tokenLines(estimate),
    '',
    ...(priced > 0 ? costLines(batch, look) : []),
    ...(unpriced.documents > 0
      ? [
          paint(
            'yellow',
            `  unknown price   ${countOf(unpriced.documents, 'document')} (${oneLine(unpriced.models.join(', '))}), in no sum`,
          ),
        ]
      : []),
    '',
    `  prices: built-in table of ${priceTableDate} ${glyphs.dot} without prompt cache and retries`,
    '  confidence: input estimated from bytes, output bounded by max_tokens',
    '',
  ].join('\n');
}

function tokenLines({ models }: FileEstimate): string[] {
  const all = [...models.values()];
  const input = inputTokens(all.reduce((sum, { inputBytes }) => sum + inputBytes, 0));
  const output = all.reduce((sum, { outputTokensMax }) => sum + outputTokensMax, 0);
  const range: CostRange = { low: 0, expected: Math.ceil(output / 4), high: output };
  return [
    row('tokens', ['low', 'expected', 'high']),
    row('  input', [input.low, input.expected, input.high].map(formatCount)),
    row('  output', [range.low, range.expected, range.high].map(formatCount)),
  ];
}

function costLines(cost: CostRange, { paint }: TerminalLook): string[] {
  const single = individually(cost);
  return [
    row('cost', ['low', 'expected', 'high']),
    row('  individually', amounts(single)),
    paint('bold', row('  as batches', amounts(cost))),
    paint('green', row('  saved', amounts({ ...difference(single, cost) }))),
  ];
}

const difference = (a: CostRange, b: CostRange): CostRange => ({
  low: a.low - b.low,
  expected: a.expected - b.expected,
  high: a.high - b.high,
});

const amounts = ({ low, expected, high }: CostRange): string[] => [low, expected, high].map(formatDollars);

const row = (label: string, cells: readonly string[]): string =>
  `  ${label.padEnd(labelWidth)}${cells.map(cell => cell.padStart(columnWidth)).join('')}`;
