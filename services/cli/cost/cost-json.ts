import { type CostLine, documentsOf, isMoneyKnown } from '#core/cost-report/cost-report.ts';
import type { NeverShownCost } from '#core/cost-report/never-shown-cost.ts';
import type { SpendAnomaly } from '#core/cost-report/spend-anomalies.ts';
import { type ChangeCause, changeCauses } from '#core/cost-report/spend-change.ts';
import { decimalDollars } from '#core/money.ts';
import { capJson, parkedJson } from './cap-lines.ts';
import type { CostReport } from './render-cost.ts';

/** For programs: money as exact decimal strings; null where nothing of it has a price. */
export function costJson(report: CostReport): Record<string, unknown> {
  const { since, until, by, lines, total, neverShown, caps, parked, anomalies, isSimulated, unknown } = report;
  return {
    simulated: isSimulated,
    newerThanThis: unknown,
    since,
    until,
    by,
    rows: lines.map(line => ({ ...line.by, ...figuresJson(line) })),
    total: figuresJson(total),
    neverShown: neverShownJson(neverShown),
    caps: caps.map(capJson),
    ...parkedJson(parked),
    anomalies: {
      historyDays: anomalies.historyDays,
      needsDays: anomalies.needsDays,
      found: anomalies.found.map(anomalyJson),
    },
  };
}

/** Of all time: the report of a provider is compared in one sum. */
function neverShownJson(cost: NeverShownCost): Record<string, unknown> {
  const reported = cost.is === 'reported' ? { ...cost, until: new Date(cost.until).toISOString() } : null;
  return {
    billedUsd: reported && decimalDollars(reported.billed),
    bookedUsd: decimalDollars(cost.booked),
    reportUntil: reported?.until ?? null,
  };
}

function figuresJson({ sums, money }: Omit<CostLine, 'by'>): Record<string, unknown> {
  const { batches, bought, reused, retries, truncated, unpriced, lost, primes, usage } = sums;
  const isKnown = isMoneyKnown({ sums, money });
  const usd = (amount: number): string | null => (isKnown ? decimalDollars(amount) : null);
  return {
    individualUsd: usd(money.individual),
    batchUsd: usd(money.batch),
    reusedUsd: usd(money.reused),
    cacheSavedUsd: usd(money.cache),
    primesUsd: usd(money.primes),
    billedUsd: usd(money.billed),
    retriesUsd: usd(money.retries),
    wasteUsd: usd(money.waste),
    savedUsd: usd(money.saved),
    counts: {
      documents: documentsOf(sums),
      bought,
      reused: reused.answers,
      batches,
      retries,
      truncated,
      unpriced: unpriced + reused.unpriced,
      lost,
      primes,
    },
    tokens: usage,
  };
}

function anomalyJson({ day, rule, cost, usual, comparedWith, score, change }: SpendAnomaly): Record<string, unknown> {
  return {
    day,
    rule,
    billedUsd: decimalDollars(cost),
    usualUsd: decimalDollars(usual),
    comparedWith: comparedWith ?? 'mean of the seven days before',
    score: score === null || !Number.isFinite(score) ? null : Math.round(score * 100) / 100,
    changeUsd: Object.fromEntries(
      changeCauses.map((cause): [ChangeCause, string] => [cause, decimalDollars(change[cause])]),
    ),
  };
}
