import { noUsage } from '#core/cost.ts';
import { type CostKey, noSums, type SpendFigures } from '#core/cost-report/cost-report.ts';
import type { Projection } from './projection.ts';

export interface SpendBounds {
  /** First and last day, as `2026-11-24`; null for no bound. */
  since: string | null;
  until: string | null;
}

type Row = Omit<SpendFigures, 'usage' | 'reused' | 'primes' | 'primeCost'> & {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  reusedAnswers: number;
  reusedUnpriced: number;
  reusedBatch: number;
  reusedIndividual: number;
};

type PrimeRow = Pick<SpendFigures, CostKey | 'primes' | 'primeCost'>;

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
      sum(uncached) AS uncached, sum(individual) AS individual, sum(retried) AS retried, sum(wasted) AS wasted,
      sum(reused) AS reusedAnswers, sum(reused_unpriced) AS reusedUnpriced,
      sum(reused_batch) AS reusedBatch, sum(reused_individual) AS reusedIndividual
      FROM spend LEFT JOIN recipes ON recipes.hash = spend.recipe WHERE day BETWEEN ? AND ?
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
    )
    .all(first, last) as unknown as Row[];
  const primes = db
    .prepare(
      `SELECT day, nullif(task, '') AS task, nullif(tenant, '') AS tenant, nullif(model, '') AS model,
      primes, cost AS primeCost FROM prime_spend
      WHERE day BETWEEN ? AND ? AND (primes <> 0 OR cost <> 0) ORDER BY 1, 2, 3, 4`,
    )
    .all(first, last) as unknown as PrimeRow[];
  return [
    ...items.map(itemFigures),
    // Its tokens stand nowhere in the log.
    ...primes.map(row => ({ ...noSums, ...row, usage: noUsage })),
  ];
}

function itemFigures(row: Row): SpendFigures {
  const { input, output, cacheRead, cacheWrite5m, cacheWrite1h, ...spend } = row;
  const { reusedAnswers: answers, reusedUnpriced: unpriced, reusedBatch: batch, reusedIndividual, ...figures } = spend;
  const usage = { input, output, cacheRead, cacheWrite5m, cacheWrite1h };
  return { ...noSums, ...figures, usage, reused: { answers, unpriced, batch, individual: reusedIndividual } };
}
