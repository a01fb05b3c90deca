import { decimalDollars, formatDollars } from '#core/money.ts';
import type { Reconciled } from '#runtime/reconcile.ts';
import { oneLine } from '../terminal/fit-text.ts';
import { formatAge } from '../terminal/format-count.ts';
import { timeText } from '../terminal/time-text.ts';

/** What `reconcile` says. @param options.reportedWithinMs after this time a report counts as complete */
export function renderReconciled(reconciled: Reconciled, { reportedWithinMs }: { reportedWithinMs: number }): string {
  switch (reconciled.is) {
    case 'adjusted':
    case 'known': {
      const { until, billed, booked } = reconciled;
      const isNew = reconciled.is === 'adjusted';
      return [
        `  billed and never shown  ${formatDollars(billed)}  by the provider's usage report up to ${timeText(until)}`,
        `  booked for it           ${formatDollars(booked)}  at its worst case`,
        isNew ? '  the books now say what was billed' : '  known before: nothing is changed',
        '',
      ].join('\n');
    }
    case 'nothing-bought':
      return '  nothing was bought yet\n';
    case 'not-quiet':
      return [
        `  nothing is compared yet: a report counts as complete after ${formatAge(reportedWithinMs)}, and before that there has been no`,
        '  pause of some minutes since something was bought; until there is one the books keep the worst case',
        '',
      ].join('\n');
    case 'short':
      return [
        `  nothing is changed: the report has less of ${oneLine(reconciled.model)} than was read up to ${timeText(reconciled.until)}`,
        '  it may not be complete yet, or be of other keys: check providers.anthropic.apiKeyIds, and try again later',
        '',
      ].join('\n');
    case 'unpriced': {
      const of = reconciled.model === '' ? 'something that was bought' : oneLine(reconciled.model);
      return `  nothing is changed: the price of ${of} up to ${timeText(reconciled.until)} is unknown\n`;
    }
  }
}

/** For programs. */
export function reconciledJson(reconciled: Reconciled): Record<string, unknown> {
  if (!('until' in reconciled)) return { is: reconciled.is };
  const until = new Date(reconciled.until).toISOString();
  if (!('billed' in reconciled)) return { is: reconciled.is, until, model: reconciled.model || null };
  const { billed, booked } = reconciled;
  return { is: reconciled.is, until, billedUsd: decimalDollars(billed), bookedUsd: decimalDollars(booked) };
}
