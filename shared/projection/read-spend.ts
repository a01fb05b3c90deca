import { noUsage } from '#core/cost.ts';
import { noSums, type SpendFigures } from '#core/cost-report/cost-report.ts';
import type { Projection } from './projection.ts';

export interface SpendBounds {
  /** First and last day, as `2026-11-24`; null for no bound. */
  since: string | null;
  until: string | null;
}

type Row = Omit<SpendFigures, 'usage' | 'primes' | 'primeCost'> & {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
};

/** What was spent, by day, task, tenant and model. Recipes of one task are one. */
export function readSpend({ db }: Pick<Projection, 'db'>, { since, until }: SpendBounds): SpendFigures[] {
  const [first, last] = [since ?? '', until ?? '9999-12-31'];
  const items = db
    .prepare(
      `SELECT day, recipes.task AS task, nullif(tenant, '') AS tenant,
      coalesce(nullif(spend.model, ''), recipes.model) AS model, sum(batches) AS batches, sum(bought) AS bought,
      sum(delivered) AS delivered, sum(retries) AS retries, sum(truncated) AS truncated, sum(unpriced) AS unpriced,
      sum(lost) AS lost, sum(input) AS input, sum(output) AS output, sum(cache_read) AS cacheRead,
      sum(cache_write_5m) AS cacheWrite5m, sum(cache_write_1h) AS cacheWrite1h, sum(billed) AS billed,
      sum(uncached) AS uncached, sum(individual) AS individual, sum(retried) AS retried, sum(wasted) AS wasted
      FROM spend LEFT JOIN recipes ON recipes.hash = spend.recipe WHERE day BETWEEN ? AND ?
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
    )
    .all(first, last) as unknown as Row[];
  const primes = db
    .prepare(
      `SELECT day, nullif(task, '') AS task, nullif(tenant, '') AS tenant, primes, cost AS primeCost
      FROM prime_spend WHERE day BETWEEN ? AND ? ORDER BY 1, 2, 3`,
    )
    .all(first, last) as unknown as Pick<SpendFigures, 'day' | 'task' | 'tenant' | 'primes' | 'primeCost'>[];
  return [
    ...items.map(({ input, output, cacheRead, cacheWrite5m, cacheWrite1h, ...row }) => {
      const usage = { input, output, cacheRead, cacheWrite5m, cacheWrite1h };
      return { ...noSums, ...row, usage };
    }),
    ...primes.map(row => ({ ...noSums, ...row, model: null, usage: noUsage })),
  ];
}
