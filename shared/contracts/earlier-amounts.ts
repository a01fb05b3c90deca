import { isMoneyScope } from '#core/caps/cap-scopes.ts';
import type { Amounts, JournalRecord } from '#core/journal.ts';
import { fromNanodollars, type Money } from '#core/money.ts';
import type { SettledRecord } from '#core/settled.ts';
import type { Spend } from '#core/spend.ts';

/** A journal record of version 1 or 2, whose money is whole nanodollars, in today's unit. */
export function journalOfNanodollars(record: JournalRecord): JournalRecord {
  switch (record.kind) {
    case 'CAP':
      return isMoneyScope(record.scope) ? { ...record, limit: orNull(record.limit) } : record;
    case 'INTENT':
    case 'PRIME':
      return { ...record, reserve: amountsOf(record.reserve) };
    case 'RELEASED':
    case 'PRIMED':
      return { ...record, actual: amountsOf(record.actual) };
    case 'ADJUSTED':
      return { ...record, billed: fromNanodollars(record.billed), booked: fromNanodollars(record.booked) };
    default:
      return record;
  }
}

/** A settled record of version 1, the same. */
export function settledOfNanodollars(record: Omit<SettledRecord, 'v'>): Omit<SettledRecord, 'v'> {
  const runs = Object.entries(record.runs ?? {}).map(([run, { cost, individual }]) => {
    return [run, { cost: fromNanodollars(cost), individual: fromNanodollars(individual) }] as const;
  });
  return {
    ...record,
    cost: orNull(record.cost),
    individualCost: orNull(record.individualCost),
    runs: Object.fromEntries(runs),
    actual: amountsOf(record.actual),
    ...(record.spend ? { spend: spendOf(record.spend) } : {}),
  };
}

const orNull = (amount: number | null): Money | null => (amount === null ? null : fromNanodollars(amount));

const amountsOf = (amounts: Amounts | undefined): Amounts =>
  Object.fromEntries(
    Object.entries(amounts ?? {}).map(([scope, amount]) => [
      scope,
      isMoneyScope(scope) ? fromNanodollars(amount) : amount,
    ]),
  );

const spendOf = ({ at, rows }: Spend): Spend => ({
  at,
  rows: rows.map(row => ({
    ...row,
    billed: fromNanodollars(row.billed),
    uncached: fromNanodollars(row.uncached),
    individual: fromNanodollars(row.individual),
    retried: fromNanodollars(row.retried),
    wasted: fromNanodollars(row.wasted),
    ...(row.reused ? { reused: reusedOf(row.reused) } : {}),
  })),
});

const reusedOf = (reused: NonNullable<Spend['rows'][number]['reused']>) => ({
  ...reused,
  batch: fromNanodollars(reused.batch),
  individual: fromNanodollars(reused.individual),
});
