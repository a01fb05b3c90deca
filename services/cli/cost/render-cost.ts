import type { CapProgress } from '#core/cost-caps.ts';
import { shareOf } from '#core/cost-caps.ts';
import type { CostKey, CostLine, CostMoney, SpendSums } from '#core/cost-report.ts';
import { decimalDollars, formatDollars, sumOrUnknown } from '#core/money.ts';
import { cutEnd, oneLine, textWidth } from '../terminal/fit-text.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

export interface CostReport {
  since: string | null;
  until: string | null;
  by: readonly CostKey[];
  lines: readonly CostLine[];
  total: Omit<CostLine, 'by'>;
  caps: readonly CapProgress[];
}

const nameWidthMax = 28;
const linesShown = 100;

/** What `cost` says. */
export function renderCost(report: CostReport, look: TerminalLook): string {
  const { by, lines, total } = report;
  if (lines.length === 0) return `  nothing was bought${periodText(report)}\n`;
  const shown = lines.slice(-linesShown);
  const rows = shown.map(line => [...by.map(key => nameOf(line.by[key], key)), ...moneyCells(line)]);
  const sum = [...by.map((_, index) => (index === 0 ? 'all' : '')), ...moneyCells(total)];
  const [head, ...body] = table([[...by, ...moneyHeads], ...rows, sum], by.length, look);
  const hidden = lines.length - shown.length;
  return [
    `cost${periodText(report)}`,
    '',
    look.paint('dim', head ?? ''),
    ...(hidden > 0 ? [`  ${countOf(hidden, 'line')} before these not shown (--json has all)`] : []),
    ...body.slice(0, -1),
    look.paint('bold', body.at(-1) ?? ''),
    '',
    `  saved ${formatDollars(isKnown(total.sums, total.money) ? total.money.saved : null)}${shareText(total.money)} against single calls`,
    ...noteLines(total.sums),
    ...capLines(report.caps, look),
    '',
  ].join('\n');
}

function periodText({ since, until }: CostReport): string {
  if (since === null && until === null) return '';
  return ` ${since === null ? '' : `from ${since} `}${until === null ? '' : `until ${until} `}(UTC)`.trimEnd();
}

function nameOf(name: string | null | undefined, key: CostKey): string {
  if (name !== null && name !== undefined) return oneLine(name);
  return key === 'task' ? '(as is)' : '-';
}

const moneyHeads = ['documents', 'individual', 'batch', 'cache', 'primes', 'billed', 'retries', 'waste', 'saved'];

const moneyCells = ({ sums, money }: Omit<CostLine, 'by'>): string[] => [
  formatCount(sums.delivered),
  ...[
    money.individual,
    money.batch,
    -money.cache,
    money.primes,
    money.billed,
    money.retries,
    money.waste,
    money.saved,
  ].map(amount => formatDollars(isKnown(sums, money) ? amount : null)),
];

/** False when nothing of it has a price. */
const isKnown = ({ unpriced }: SpendSums, { billed }: CostMoney): boolean => sumOrUnknown(billed, unpriced) !== null;

/** Names to the left, figures to the right, each column as wide as it has to be. */
function table(rows: readonly (readonly string[])[], names: number, { glyphs }: TerminalLook): string[] {
  const cut = rows.map(row =>
    row.map((cell, index) => (index < names ? cutEnd(cell, nameWidthMax, glyphs.ellipsis) : cell)),
  );
  const widths = (cut[0] ?? []).map((_, index) => Math.max(...cut.map(row => textWidth(row[index] ?? ''))));
  return cut.map(row => {
    const cells = row.map((cell, index) => {
      const room = ' '.repeat((widths[index] ?? 0) - textWidth(cell));
      return index < names ? cell + room : room + cell;
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

const shareText = ({ saved, individual }: CostMoney): string =>
  individual > 0 ? `, ${Math.round((saved / individual) * 100)} %` : '';

/** What stands in no sum must not be taken for free. */
function noteLines({ unpriced, lost }: SpendSums): string[] {
  return [
    ...(unpriced > 0 ? [`  price unknown for ${countOf(unpriced, 'answer')}, in no sum`] : []),
    ...(lost > 0 ? [`  ${countOf(lost, 'answer')} lost by the provider, perhaps billed, in no sum`] : []),
  ];
}

function capLines(caps: readonly CapProgress[], { paint }: TerminalLook): string[] {
  if (caps.length === 0) return [];
  const lines = caps.map(cap => {
    const { scope, of, limit, used } = cap;
    const share = Math.floor(shareOf(cap) * 100);
    const text = `  ${oneLine(scope.replace(/:money$/, ''))} (${of}): ${formatDollars(used)} of ${formatDollars(limit)}, ${share} %`;
    return share >= 80 ? paint('yellow', text) : text;
  });
  return ['', '  caps (spent and reserved)', ...lines];
}

/** For programs: money as exact decimal strings. */
export function costJson({ since, until, by, lines, total, caps }: CostReport): Record<string, unknown> {
  return {
    since,
    until,
    by,
    rows: lines.map(line => ({ ...line.by, ...figuresJson(line) })),
    total: figuresJson(total),
    caps: caps.map(({ scope, period, of, limit, used }) => {
      return { scope, period, of, limitUsd: decimalDollars(limit), usedUsd: decimalDollars(used) };
    }),
  };
}

function figuresJson({ sums, money }: Omit<CostLine, 'by'>): Record<string, unknown> {
  const { batches, bought, delivered, retries, truncated, unpriced, lost, primes, usage } = sums;
  const usd = (amount: number): string | null => (isKnown(sums, money) ? decimalDollars(amount) : null);
  return {
    individualUsd: usd(money.individual),
    batchUsd: usd(money.batch),
    cacheSavedUsd: usd(money.cache),
    primesUsd: usd(money.primes),
    billedUsd: usd(money.billed),
    retriesUsd: usd(money.retries),
    wasteUsd: usd(money.waste),
    savedUsd: usd(money.saved),
    counts: { documents: delivered, bought, batches, retries, truncated, unpriced, lost, primes },
    tokens: usage,
  };
}
