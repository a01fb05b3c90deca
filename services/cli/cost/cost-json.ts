import { holdInWords } from '#core/cap-words.ts';
import type { CostLine } from '#core/cost-report.ts';
import { decimalDollars } from '#core/money.ts';
import type { SpendAnomaly } from '#core/spend-anomalies.ts';
import { type ChangeCause, changeCauses } from '#core/spend-change.ts';
import { capJson } from './cap-lines.ts';
import type { CostReport } from './render-cost.ts';

/** For programs: money as exact decimal strings. */
export function costJson(report: CostReport): Record<string, unknown> {
  const { since, until, by, lines, total, caps, parked, anomalies, isSimulated } = report;
  return {
    simulated: isSimulated,
    since,
    until,
    by,
    rows: lines.map(line => ({ ...line.by, ...figuresJson(line) })),
    total: figuresJson(total),
    caps: caps.map(capJson),
    parked: parked.map(held => ({ ...held, why: holdInWords(held) })),
    anomalies: {
      historyDays: anomalies.historyDays,
      needsDays: anomalies.needsDays,
      found: anomalies.found.map(anomalyJson),
    },
  };
}

function figuresJson({ sums, money }: Omit<CostLine, 'by'>): Record<string, unknown> {
  const { batches, bought, delivered, retries, truncated, unpriced, lost, primes, usage } = sums;
  return {
    individualUsd: decimalDollars(money.individual),
    batchUsd: decimalDollars(money.batch),
    cacheSavedUsd: decimalDollars(money.cache),
    primesUsd: decimalDollars(money.primes),
    billedUsd: decimalDollars(money.billed),
    retriesUsd: decimalDollars(money.retries),
    wasteUsd: decimalDollars(money.waste),
    savedUsd: decimalDollars(money.saved),
    counts: { documents: delivered, bought, batches, retries, truncated, unpriced, lost, primes },
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
