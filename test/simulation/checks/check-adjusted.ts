import { accountMoney } from '#core/caps/cap-scopes.ts';
import { neverShownRows } from '../ledger-of.ts';
import { accountName } from '../provider-world.ts';
import type { Run } from '../run-seed.ts';

/**
 * What the usage report put into the books is what the bill has and nobody was shown, whenever it was compared; after the
 * last comparison the books are the bill. The bill rounds each item and a report has sums: half a nanodollar for each.
 */
export function checkAdjusted(run: Run): void {
  const { world, truth, provider } = run;
  const last = truth.adjusted.at(-1);
  if (!last) return;
  const unshown = neverShownRows(run);
  for (const { until, billed } of truth.adjusted) {
    const rows = unshown.filter(({ at }) => at < until);
    const difference = billed - sumOf(rows);
    if (Math.abs(difference) <= rows.length / 2) continue;
    world.note('adjusted', until, billed, sumOf(rows));
    world.violate(`books: adjusted to ${difference > 0 ? 'more' : 'less'} than was billed and never shown`);
  }
  const { rows } = provider.machine.invoicePage({ now: provider.now, limit: 10_000_000 });
  const bill = sumOf(rows.filter(({ isForeign }) => !isForeign));
  const books = truth.view.used.get(`${accountMoney(accountName)}|total`) ?? 0;
  if (books < bill - unshown.length / 2) world.violate('books: less than the bill');
  if (books > bill + unshown.length / 2) world.violate('books: more than the bill, although it is known');
}

const sumOf = (rows: readonly { costNanoDollars: number }[]): number =>
  rows.reduce((sum, { costNanoDollars }) => sum + costNanoDollars, 0);
