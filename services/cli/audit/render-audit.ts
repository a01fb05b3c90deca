import { oneLine, wrapText } from '../terminal/fit-text.ts';
import { formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import type { AuditReport } from './audit-book.ts';

/** Where the word on purchases comes from. */
export type AuditBasis = 'invoice' | 'suspected';

const basisInWords: Readonly<Record<AuditBasis, string>> = {
  invoice: "Bought twice is counted on the simulator's invoice.",
  suspected:
    'This provider has no invoice by item: bought twice is the count of suspected double purchases, which the journal shows as a create that was answered with a second batch.',
};

/** What `audit` says. */
export function renderAudit(report: AuditReport, basis: AuditBasis, look: TerminalLook): string {
  const { glyphs, paint, width } = look;
  const { documents, answered, deadLettered, pending, lost, duplicated, boughtTwice, unaccounted, verdict, reused } =
    report;
  const row = (label: string, count: number, isBad: boolean): string =>
    `  ${label.padEnd(14)} ${paint(isBad && count > 0 ? 'red' : 'bold', formatCount(count).padStart(12))}`;
  const words = {
    clean: paint('green', `${glyphs.ok} clean`),
    unfinished: paint('yellow', `${glyphs.waiting} unfinished: nothing is wrong, and not everything is answered yet`),
    failed: paint('red', `${glyphs.dead} failed`),
  };
  return [
    row('documents', documents, false),
    row('answered', answered, false),
    ...(reused > 0 ? [row('of them reused', reused, false)] : []),
    row('dead-lettered', deadLettered, false),
    ...(pending > 0 ? [row('under way', pending, false)] : []),
    row('lost', lost, true),
    row('duplicated', duplicated, true),
    row('bought twice', boughtTwice, true),
    row('unaccounted', unaccounted, true),
    '',
    ...wrapText(basisInWords[basis], width - 2).map(line => `  ${line}`),
    ...report.examples.map(example => `  ${oneLine(example)}`),
    `  verdict: ${words[verdict]}`,
    '',
  ].join('\n');
}

/** For programs, in the words that tests and operators share. */
export function auditJson(report: AuditReport, basis: AuditBasis): Record<string, unknown> {
  const { documents, answered, deadLettered, lost, duplicated, boughtTwice, unaccounted, verdict } = report;
  const { pending, examples, reused } = report;
  return {
    documents,
    answered,
    ...(reused > 0 ? { reused } : {}),
    deadLettered,
    lost,
    duplicated,
    boughtTwice,
    unaccounted,
    verdict,
    pending,
    basis,
    ...(examples.length > 0 ? { examples } : {}),
  };
}
