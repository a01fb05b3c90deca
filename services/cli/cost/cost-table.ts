import { type CostKey, type CostLine, documentsOf, isMoneyKnown } from '#core/cost-report/cost-report.ts';
import { formatDollars } from '#core/money.ts';
import { cutEnd, oneLine, textWidth } from '../terminal/fit-text.ts';
import { formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

type Figures = Omit<CostLine, 'by'>;

interface Column {
  head: string;
  cell(line: Figures): string;
}

const column = (head: string, amount: (money: Figures['money']) => number): Column => ({
  head,
  cell: line => formatDollars(isMoneyKnown(line) ? amount(line.money) : null),
});

const documents: Column = { head: 'documents', cell: ({ sums }) => formatCount(documentsOf(sums)) };
const individual = column('individual', money => money.individual);
const batch = column('batch', money => money.batch);
const reuse = column('reuse', money => -money.reused);
const cache = column('cache', money => -money.cache);
const primes = column('primes', money => money.primes);
const billed = column('billed', money => money.billed);
const retries = column('retries', money => money.retries);
const waste = column('waste', money => money.waste);
const saved = column('saved', money => money.saved);

/** From the most to the least complete: the first that fits is shown. Of the total each term stands below the table anyway. */
const columnSets: readonly (readonly Column[])[] = [
  [documents, individual, batch, reuse, cache, primes, billed, retries, waste, saved],
  [documents, individual, billed, retries, waste, saved],
  [documents, billed, waste, saved],
  [billed, saved],
  [billed],
];

const nameWidthMax = 28;
const gap = 2;

export interface CostTable {
  head: string;
  rows: string[];
  total: string;
  /** Columns that had no room. */
  hidden: string[];
}

/** Names to the left, figures to the right, each column as wide as it has to be, and as many of them as there is room for. */
export function costTable(
  { by, lines, total }: { by: readonly CostKey[]; lines: readonly CostLine[]; total: Figures },
  { glyphs, width }: Pick<TerminalLook, 'glyphs' | 'width'>,
): CostTable {
  const names = [
    [...by],
    ...lines.map(line => by.map(key => nameOf(line.by[key], key))),
    by.map((_, index) => (index === 0 ? 'all' : '')),
  ];
  // Most have no answers that were given again: no column of zeros.
  const isTold = (each: Column): boolean => each !== reuse || total.sums.reused.answers > 0;
  const sets = columnSets.map(columns => columns.filter(isTold));
  const all = sets[0] as readonly Column[];
  for (const columns of sets) {
    const figures = [
      columns.map(({ head }) => head),
      ...lines.map(line => columns.map(({ cell }) => cell(line))),
      columns.map(({ cell }) => cell(total)),
    ];
    const room = width - indent - widthsOf(figures).reduce((sum, each) => sum + each + gap, 0);
    const isLast = columns === sets.at(-1);
    const nameMax = Math.min(nameWidthMax, Math.floor((room - gap * (by.length - 1)) / by.length));
    if (nameMax < nameWidthMin && !isLast) continue;
    const cut = names.map(row => row.map(name => cutEnd(name, Math.max(nameWidthMin, nameMax), glyphs.ellipsis)));
    const rows = padded(cut, figures);
    const isTooWide = rows.some(row => textWidth(row) > width);
    if (isTooWide && !isLast) continue;
    const [head = '', ...body] = rows;
    const hidden = all.filter(each => !columns.includes(each)).map(each => each.head);
    return { head, rows: body.slice(0, -1), total: body.at(-1) ?? '', hidden };
  }
  throw new Error('the last set of columns is always taken');
}

const indent = 2;
const nameWidthMin = 8;

const widthsOf = (rows: readonly (readonly string[])[]): number[] =>
  (rows[0] ?? []).map((_, index) => Math.max(...rows.map(row => textWidth(row[index] ?? ''))));

function padded(names: readonly (readonly string[])[], figures: readonly (readonly string[])[]): string[] {
  const [nameWidths, figureWidths] = [widthsOf(names), widthsOf(figures)];
  return names.map((row, at) => {
    const left = row.map((cell, index) => cell + ' '.repeat((nameWidths[index] ?? 0) - textWidth(cell)));
    const right = (figures[at] ?? []).map((cell, index) => cell.padStart(figureWidths[index] ?? 0));
    return `${' '.repeat(indent)}${[...left, ...right].join(' '.repeat(gap))}`.trimEnd();
  });
}

function nameOf(name: string | null | undefined, key: CostKey): string {
  if (name !== null && name !== undefined) return oneLine(name);
  return key === 'task' ? '(as is)' : '-';
}
