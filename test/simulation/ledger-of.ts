import { accountMoney } from '#core/caps/cap-scopes.ts';
import { formatCustomId } from '#core/custom-id.ts';
import type { SettledRecord } from '#core/settled.ts';
import { billOf } from '#test/support/bill-of.ts';
import { primeCosts } from './checks/check-primes.ts';
import { accountName } from './provider-world.ts';
import type { Run } from './run-seed.ts';

/** The books of a run beside the provider's bill, in money and in numbers of purchases. */
export interface LedgerFigures {
  documents: number;
  /** Items whose answer was read, and primes whose reply was: here both sides know. */
  read: { bought: number; books: number; bill: number };
  primes: { bought: number; books: number; bill: number };
  /** Bought, and never shown to anybody: lines lost for ever, replies of primes. The books hold their worst case. */
  unread: { bought: number; books: number; bill: number };
  /** Batches that ended without ever showing a line to whoever could have bound them (protocol §1). */
  orphans: { bought: number; bill: number };
  /** What the usage report took off the books and added to them: lost lines and primes at their price, orphans. */
  adjusted: { up: number; down: number };
  /** All that the books hold as spent after that, and the whole bill of what is ours. */
  total: { books: number; bill: number };
  /** Runs whose books are not the whole bill. */
  unequal: number;
  /** Batches and primes of which both sides know all, and disagree. */
  disagreeing: number;
}

export const noLedger: LedgerFigures = {
  documents: 0,
  read: { bought: 0, books: 0, bill: 0 },
  primes: { bought: 0, books: 0, bill: 0 },
  unread: { bought: 0, books: 0, bill: 0 },
  orphans: { bought: 0, bill: 0 },
  adjusted: { up: 0, down: 0 },
  total: { books: 0, bill: 0 },
  unequal: 0,
  disagreeing: 0,
};

export function ledgerOf(run: Run): LedgerFigures {
  const figures = structuredClone(noLedger);
  const { provider, truth, documents } = run;
  figures.documents = documents.byRid.size;
  figures.total.books = truth.view.used.get(`${accountMoney(accountName)}|total`) ?? 0;
  const rows = provider.machine.invoicePage({ now: provider.now, limit: 10_000_000 }).rows;
  figures.total.bill = billOf(rows.filter(({ isForeign }) => !isForeign));
  const bills = Map.groupBy(rows, ({ batchId }) => batchId ?? '');
  for (const { record, bk } of provider.bySeq.values()) {
    if (bk === null) continue;
    const bill = bills.get(record.id) ?? [];
    const settled = truth.view.bks.get(bk) === record.id ? truth.sealed.get(bk)?.settled : null;
    if (settled) addBatch(figures, { bill, settled, run });
    else {
      figures.orphans.bought += bill.length;
      figures.orphans.bill += billOf(bill);
    }
  }
  addPrimes(figures, run);
  for (const { change } of truth.adjusted) figures.adjusted[change > 0 ? 'up' : 'down'] += Math.abs(change);
  if (figures.total.books !== figures.total.bill) figures.unequal = 1;
  return figures;
}

interface Row {
  customId: string | null;
  costPicoDollars: number;
}

function addBatch(
  figures: LedgerFigures,
  { bill, settled, run }: { bill: readonly Row[]; settled: SettledRecord; run: Run },
): void {
  const lost = lostItems(settled, run);
  const [unseen, seen] = [true, false].map(isLost =>
    bill.filter(({ customId }) => lost.has(customId ?? '') === isLost),
  );
  const cost = settled.cost ?? 0;
  const onBill = billOf(seen ?? []);
  figures.read.bought += seen?.length ?? 0;
  figures.read.books += cost;
  figures.read.bill += onBill;
  figures.unread.bought += unseen?.length ?? 0;
  figures.unread.books += (settled.actual[accountMoney(accountName)] ?? 0) - cost;
  figures.unread.bill += billOf(unseen ?? []);
  if (cost !== onBill) figures.disagreeing += 1;
}

/** As the provider names them. */
function lostItems({ bk, dead, retry }: SettledRecord, { truth }: Run): ReadonlySet<string> {
  const causes = new Set(['missing', 'result-too-large']);
  const lost = [
    ...dead.flatMap(([partition, offset, cause]) => (causes.has(cause) ? [`${partition}/${offset}`] : [])),
    ...retry.flatMap(({ p, o, cause }) => (causes.has(cause) ? [`${p}/${o}`] : [])),
  ];
  const items = (truth.sealed.get(bk)?.items ?? []).filter(({ partition, offset }) =>
    lost.includes(`${partition}/${offset}`),
  );
  return new Set(items.map(item => formatCustomId({ fleet: truth.view.fleet?.id ?? '', bk, ...item })));
}

function addPrimes(figures: LedgerFigures, run: Run): void {
  const costs = primeCosts(run);
  for (const [id, { amounts, reserve }] of run.truth.primes) {
    const bill = costs.get(id) ?? 0;
    const books = amounts[accountMoney(accountName)] ?? 0;
    const isInFull = books !== bill && books === reserve[accountMoney(accountName)];
    const side = isInFull ? figures.unread : figures.primes;
    side.bought += bill > 0 ? 1 : 0;
    side.books += books;
    side.bill += bill;
    if (!isInFull && books !== bill) figures.disagreeing += 1;
  }
}

/** Both together. */
export function addLedgers(a: LedgerFigures, b: LedgerFigures): LedgerFigures {
  const added = <T extends Record<string, number>>(one: T, other: T): T =>
    Object.fromEntries(Object.entries(one).map(([name, value]) => [name, value + (other[name] ?? 0)])) as T;
  return {
    documents: a.documents + b.documents,
    read: added(a.read, b.read),
    primes: added(a.primes, b.primes),
    unread: added(a.unread, b.unread),
    orphans: added(a.orphans, b.orphans),
    adjusted: added(a.adjusted, b.adjusted),
    total: added(a.total, b.total),
    unequal: a.unequal + b.unequal,
    disagreeing: a.disagreeing + b.disagreeing,
  };
}
