import type { PlantedFault, SourceEdit } from './planted-faults.ts';

const quiet = 'shared/core/reconcile/quiet-moment.ts';
const neverShown = 'shared/core/reconcile/never-shown.ts';
const purchases = 'shared/core/reconcile/purchases.ts';
const reducer = 'shared/core/reduce-journal.ts';

const edit = (file: string, find: string, replace: string): SourceEdit => ({ file, find, replace });

/** Rules of the comparison with the usage report that are gone. */
export const ledger = {
  adjustedUnderWay: {
    what: 'what is still under way is no obstacle to a comparison',
    edits: [
      edit(
        quiet,
        'for (const { from, to } of purchases.toSorted((a, b) => b.to - a.to)) {',
        'for (const { from, to } of purchases.filter(each => each.to < Infinity).toSorted((a, b) => b.to - a.to)) {',
      ),
    ],
    setting: 'lull',
  },
  roundsEachPrice: {
    what: 'the price of an item is rounded to the nanodollar',
    edits: [
      edit(
        'shared/core/prices.ts',
        'return isUsOnly ? (share * usOnlyTenths) / 10 : share;',
        'return fromNanodollars(Math.round((isUsOnly ? (share * usOnlyTenths) / 10 : share) / fromNanodollars(1)));',
      ),
    ],
    setting: 'ledger',
  },
  adjustedByTheSum: {
    what: 'each comparison is added to the one before, although both are of all time',
    edits: [
      edit(
        reducer,
        'const change = billed - booked - (before.billed - before.booked);',
        'const change = billed - booked;',
      ),
    ],
    setting: 'lull',
  },
  adjustedWithoutOrphans: {
    what: 'never more is billed than was booked for it',
    edits: [
      edit(
        neverShown,
        'const billed = booked < low ? high : Math.min(high, booked);',
        'const billed = Math.min(low, booked);',
      ),
    ],
    setting: 'lull',
  },
  primesNeverShown: {
    what: 'a prime whose reply was read counts as never shown too',
    edits: [
      edit(
        purchases,
        "return { ...nothing, shown: [{ at, model, tier: 'standard', isUsOnly, usage }], booked: 0 };",
        'return { ...nothing, booked: 0 };',
      ),
    ],
    setting: 'lull',
  },
} satisfies Record<string, PlantedFault>;
