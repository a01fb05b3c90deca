import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Amounts } from '#core/journal.ts';
import type { SettledRecord } from '#core/settled.ts';
import { noReused, noSpend, type Spend } from '#core/spend.ts';
import { periodKey } from '#core/view.ts';

/** What is added for a prime; below zero where it takes back what was added before. */
export interface PrimeTold {
  /** Journal time of the PRIME, ms since the epoch. */
  at: number;
  /** By scope, as PRIME reserved or PRIMED spent them. */
  amounts: Amounts;
  model: string | null;
  primes: number;
}

/** Nobody said which tenant, or which model: columns of a key are never NULL. */
const unsaid = '';

/**
 * What was bought, summed by day, recipe, tenant and model. Days are those of the INTENT, in UTC, as caps count them. One
 * row for each that ever was: some thousands in a year.
 */
export class SpendTable {
  readonly #add: StatementSync;
  readonly #addPrime: StatementSync;
  readonly #addAnswers: StatementSync;

  constructor(db: DatabaseSync) {
    const sums = sumColumns.map(name => `${name} = ${name} + excluded.${name}`).join(', ');
    this.#add = db.prepare(`INSERT INTO spend (day, recipe, tenant, model, ${sumColumns.join(', ')})
      VALUES (${Array.from({ length: sumColumns.length + 4 }, () => '?').join(', ')})
      ON CONFLICT (day, recipe, tenant, model) DO UPDATE SET ${sums}`);
    this.#addPrime = db.prepare(`INSERT INTO prime_spend (day, task, tenant, model, primes, cost)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      ON CONFLICT (day, task, tenant, model) DO UPDATE SET primes = primes + ?5, cost = cost + ?6`);
    this.#addAnswers = db.prepare(`INSERT INTO answer_tokens (recipe, bucket, count) VALUES (?1, ?2, ?3)
      ON CONFLICT (recipe, bucket) DO UPDATE SET count = count + ?3`);
  }

  settled({ at, rows }: Spend, recipe: string): void {
    const day = periodKey('day', at);
    for (const row of rows) {
      const { usage } = row;
      const tokens = [usage.input, usage.output, usage.cacheRead, usage.cacheWrite5m, usage.cacheWrite1h];
      const counts = [row.bought, row.delivered, row.retries, row.truncated, row.unpriced, row.lost];
      const money = [row.billed, row.uncached, row.individual, row.retried, row.wasted];
      const { answers, unpriced, batch, individual } = row.reused ?? noReused;
      const reused = [answers, unpriced, batch, individual];
      // One that only gives again is none, and one with requests of two places is one.
      const isCounted = rows.find(({ tenant, model }) => tenant === row.tenant && model === row.model) === row;
      const batches = isCounted && row.bought + row.lost > 0 ? 1 : 0;
      this.#add.run(day, recipe, row.tenant ?? unsaid, row.model, batches, ...counts, ...tokens, ...money, ...reused);
      for (const [bucket, count] of row.answers ?? []) this.#addAnswers.run(recipe, bucket, count);
    }
  }

  /** @returns what it adds to what was billed */
  prime({ at, amounts, model, primes }: PrimeTold): number {
    const { task, tenant, cost } = primeFacts(amounts);
    this.#addPrime.run(periodKey('day', at), task, tenant, model ?? unsaid, primes, cost);
    return cost;
  }
}

/** In the order of the schema. */
const sumColumns = [
  'batches',
  'bought',
  'delivered',
  'retries',
  'truncated',
  'unpriced',
  'lost',
  'input',
  'output',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'billed',
  'uncached',
  'individual',
  'retried',
  'wasted',
  'reused',
  'reused_unpriced',
  'reused_batch',
  'reused_individual',
] as const;

/** For whom a prime was made stands in its scopes; its price is that of its account. */
function primeFacts(amounts: Amounts): { task: string; tenant: string; cost: number } {
  const named = (kind: string): [name: string, amount: number][] =>
    Object.entries(amounts).flatMap(([scope, amount]) => {
      const isOf = scope.startsWith(`${kind}:`) && scope.endsWith(':money');
      return isOf ? [[scope.slice(kind.length + 1, -':money'.length), amount]] : [];
    });
  return {
    task: named('task')[0]?.[0] ?? unsaid,
    tenant: named('tenant')[0]?.[0] ?? unsaid,
    cost: named('account')[0]?.[1] ?? 0,
  };
}

/** As well as it can be told of a record whose writer did not say it: everything was delivered, and without a cache. */
export function spendOf(record: SettledRecord, at: number): Spend | null {
  if (record.spend) return record.spend;
  const { usage, done, dead, retry } = record;
  const bought = usage.output > 0 ? done.length + dead.length + retry.length : 0;
  if (bought === 0) return null;
  const runs = Object.values(record.runs);
  const billed = runs.reduce((sum, { cost }) => sum + cost, 0);
  const individual = runs.reduce((sum, run) => sum + run.individual, 0);
  const row = { ...noSpend, tenant: null, model: unsaid, bought, delivered: done.length, usage };
  return { at, rows: [{ ...row, billed, uncached: billed, individual }] };
}
