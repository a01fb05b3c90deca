import { formatDollars, toNanodollars } from '#core/money.ts';
import { addLedgers, type LedgerFigures, noLedger } from './ledger-of.ts';
import type { SimulationArguments } from './parse-arguments.ts';
import { runPool } from './run-pool.ts';
import { formatViolating, specsOf } from './specs-of.ts';
import { addReport, createSummary, formatCounts } from './summary.ts';

/**
 * The books beside the bill, with every fault on, markers and primes too. Of what both sides know the difference is 0; what nobody was shown stands in the books at its worst case, until the provider's usage report says what it
 * came to. Then the whole difference is 0.
 */
export async function reportLedger(args: SimulationArguments): Promise<boolean> {
  const summary = createSummary();
  let ledger = noLedger;
  await runPool({
    specs: specsOf({ ...args, setting: args.setting ?? 'ledger' }),
    jobs: args.jobs,
    onReport: report => {
      addReport(summary, report);
      ledger = addLedgers(ledger, report.ledger);
    },
  });
  for (const report of summary.violating.slice(0, 10)) console.log(formatViolating(report));
  for (const line of ledgerLines(ledger)) console.log(line);
  console.log(`faults and events: ${formatCounts(summary.fired)}`);
  const { unequal, disagreeing, total } = ledger;
  const differences = { difference: difference(ledger), totalDifference: total.books - total.bill };
  if (args.isJson) console.log(JSON.stringify({ ...ledger, ...differences }));
  const isEqual = unequal === 0 && disagreeing === 0 && difference(ledger) === 0;
  return summary.violating.length === 0 && isEqual;
}

/** Between the books and the bill, of all that was shown to us. */
export const difference = ({ read, primes }: LedgerFigures): number =>
  read.books + primes.books - read.bill - primes.bill;

function ledgerLines(ledger: LedgerFigures): string[] {
  const { documents, read, primes, unread, orphans, adjusted, total, unequal, disagreeing } = ledger;
  const nano = toNanodollars;
  const side = ({ bought, books, bill }: LedgerFigures['read']): string =>
    `${bought} bought, books ${nano(books)}, bill ${nano(bill)}, difference ${nano(books - bill)} nanodollars`;
  return [
    `${documents} documents, bill ${formatDollars(total.bill)}, books ${formatDollars(total.books)}`,
    `answered items:    ${side(read)}`,
    `primes:            ${side(primes)}`,
    `never shown to us: ${side(unread)} (lost lines, lost replies of primes; at their worst case)`,
    `orphans:           ${orphans.bought} bought, on the bill ${nano(orphans.bill)}, ended without ever showing a line`,
    `difference of what was shown: ${nano(difference(ledger))} nanodollars, ${disagreeing} batches or primes disagree`,
    `usage report:      ${nano(adjusted.down)} nanodollars off the books, ${nano(adjusted.up)} added to them`,
    `difference of all: ${nano(total.books - total.bill)} nanodollars, books ${nano(total.books)}, bill ${nano(total.bill)}`,
    `                   ${unequal} runs off`,
  ];
}
