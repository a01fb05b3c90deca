import type { Money } from '../money.ts';
import type { SpendFigures } from './cost-report.ts';

/**
 * What makes the cost of a day:
 *
 * ```text
 * cost = documents × share of the task × purchases a document × tokens a purchase × price a token × effect of the cache
 *        volume      task                retries               tokens               price           cache
 * ```
 */
export const changeCauses = ['volume', 'task', 'retries', 'tokens', 'price', 'cache'] as const;
export type ChangeCause = (typeof changeCauses)[number];

/** How much of a difference each cause explains: the sum is the difference. */
export type SpendChange = Readonly<Record<ChangeCause, Money>>;

/** What was spent on one task, on one day or on the mean of several. */
interface TaskSums {
  documents: number;
  bought: number;
  tokens: number;
  /** Of these tokens, in batches without cache. */
  uncached: number;
  /** What was billed, primes included. */
  cost: number;
}

/**
 * Says what made `after` dearer or cheaper than the mean of the days of `before`. Exact and without a rest (the logarithmic
 * mean of index decomposition), so no cause is favoured by the order in which they are looked at.
 *
 * @param before spend of earlier days
 * @param days how many days these were, those without spend included
 */
export function explainChange(
  before: readonly SpendFigures[],
  { days, after }: { days: number; after: readonly SpendFigures[] },
): SpendChange {
  const [was, is] = [sumByTask(before, days), sumByTask(after, 1)];
  const [documentsWas, documentsIs] = [documentsOf(was), documentsOf(is)];
  const change = Object.fromEntries(changeCauses.map(cause => [cause, 0])) as Record<ChangeCause, number>;
  for (const task of new Set([...was.keys(), ...is.keys()])) {
    const [from, to] = [was.get(task) ?? nothing, is.get(task) ?? nothing];
    const weight = logarithmicMean(to.cost, from.cost);
    const ratios = weight === null ? null : ratiosOf({ from, to, growth: documentsIs / documentsWas });
    if (weight === null) change.task += to.cost - from.cost;
    // Bought on both sides and delivered on one only: what it lacks is answers for its money.
    else if (ratios === null) change.retries += to.cost - from.cost;
    else for (const cause of changeCauses) change[cause] += weight * Math.log(ratios[cause]);
  }
  // Whole sums first: thirds of a unit, added up, may end on the other side of a half.
  return rounded(change, Math.round(costOf(after) - costOf(before) / days));
}

const nothing: TaskSums = { documents: 0, bought: 0, tokens: 0, uncached: 0, cost: 0 };

function sumByTask(figures: readonly SpendFigures[], days: number): Map<string, TaskSums> {
  const sums = new Map<string, TaskSums>();
  for (const { task, delivered, bought, usage, uncached, billed, primeCost } of figures) {
    const key = JSON.stringify(task);
    const { documents, ...before } = sums.get(key) ?? nothing;
    const tokens = usage.input + usage.output + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
    sums.set(key, {
      documents: documents + delivered / days,
      bought: before.bought + bought / days,
      tokens: before.tokens + tokens / days,
      uncached: before.uncached + uncached / days,
      cost: before.cost + (billed + primeCost) / days,
    });
  }
  return sums;
}

const documentsOf = (sums: ReadonlyMap<string, TaskSums>): number =>
  [...sums.values()].reduce((sum, { documents }) => sum + documents, 0);

const costOf = (figures: readonly SpendFigures[]): Money =>
  figures.reduce((sum, { billed, primeCost }) => sum + billed + primeCost, 0);

/** Null where one of the two is not above zero: the task is new, or gone. */
function logarithmicMean(a: number, b: number): number | null {
  if (a <= 0 || b <= 0) return null;
  return Math.abs(a - b) < 1e-9 * Math.max(a, b) ? (a + b) / 2 : (a - b) / Math.log(a / b);
}

/** By how much each factor of a task has grown; null where one is zero on a side. Their product is that of the costs. */
function ratiosOf({
  from,
  to,
  growth,
}: {
  from: TaskSums;
  to: TaskSums;
  growth: number;
}): Readonly<Record<ChangeCause, number>> | null {
  const grown = (of: (sums: TaskSums) => number): number => of(to) / of(from);
  const ratios = {
    volume: growth,
    task: grown(sums => sums.documents) / growth,
    retries: grown(({ bought, documents }) => bought / documents),
    tokens: grown(({ tokens, bought }) => tokens / bought),
    price: grown(({ uncached, tokens }) => uncached / tokens),
    cache: grown(({ cost, uncached }) => cost / uncached),
  };
  return Object.values(ratios).every(ratio => Number.isFinite(ratio) && ratio > 0) ? ratios : null;
}

/** Whole amounts that still sum to the difference: the largest takes what rounding leaves. */
function rounded(change: Readonly<Record<ChangeCause, number>>, total: Money): SpendChange {
  const whole = Object.fromEntries(changeCauses.map(cause => [cause, Math.round(change[cause])]));
  const rest = total - changeCauses.reduce((sum, cause) => sum + (whole[cause] ?? 0), 0);
  const largest = changeCauses.reduce((a, b) => (Math.abs(change[b]) > Math.abs(change[a]) ? b : a));
  whole[largest] = (whole[largest] ?? 0) + rest;
  // No -0 on a screen.
  return Object.fromEntries(changeCauses.map(cause => [cause, (whole[cause] ?? 0) + 0])) as unknown as SpendChange;
}
