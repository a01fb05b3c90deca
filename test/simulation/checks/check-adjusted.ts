import { accountMoney } from '#core/caps/cap-scopes.ts';
import type { Money } from '#core/money.ts';
import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { billOf } from '#test/support/bill-of.ts';
import { accountName } from '../provider-world.ts';
import type { Run } from '../run-seed.ts';

/**
 * What the usage report put into the books is what the bill has beyond what was read, whenever it was compared; after the
 * last comparison the books are the bill.
 */
export function checkAdjusted(run: Run): void {
  const { world, truth, provider } = run;
  if (truth.adjusted.length === 0) return;
  const { rows } = provider.machine.invoicePage({ now: provider.now, limit: 10_000_000 });
  const bill = rows.filter(({ isForeign }) => !isForeign);
  const reads = readsOf(run, bill);
  for (const { until, billed } of truth.adjusted) {
    const isBefore = ({ at }: { at: number }): boolean => at < until;
    const expected = billOf(bill.filter(isBefore)) - sumOf(reads.filter(isBefore));
    if (billed === expected) continue;
    world.note('adjusted', until, billed, expected);
    world.violate(`books: adjusted to ${billed > expected ? 'more' : 'less'} than was billed and never shown`);
  }
  const books = truth.view.used.get(`${accountMoney(accountName)}|total`) ?? 0;
  if (books < billOf(bill)) world.violate('books: less than the bill');
  if (books > billOf(bill)) world.violate('books: more than the bill, although it is known');
}

interface Cost {
  at: number;
  cost: Money;
}

/** What was read of each batch and prime, at the time of the first of it on the bill: at a quiet moment none is cut in two. */
function readsOf({ truth, provider }: Run, bill: readonly InvoiceRow[]): Cost[] {
  const firstOf = new Map<string | null, number>();
  for (const { batchId, at } of bill) firstOf.set(batchId, Math.min(at, firstOf.get(batchId) ?? at));
  const batches = [...provider.bySeq.values()].flatMap(({ record: { id }, bk }) => {
    const isBound = bk !== null && truth.view.bks.get(bk) === id;
    const cost = isBound ? truth.sealed.get(bk)?.settled?.cost : null;
    return cost ? [{ at: firstOf.get(id) ?? 0, cost }] : [];
  });
  const messages = bill.filter(({ batchId }) => batchId === null);
  const primes = messages
    .filter((_, index) => truth.primes.get(provider.executedPrimes[index]?.id ?? '')?.isShown)
    .map(row => ({ at: row.at, cost: billOf([row]) }));
  return [...batches, ...primes];
}

const sumOf = (costs: readonly Cost[]): number => costs.reduce((sum, { cost }) => sum + cost, 0);
