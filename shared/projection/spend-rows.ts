import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SettledRecord } from '#core/settled.ts';
import { noSpend, type Spend } from '#core/spend.ts';
import { periodKey } from '#core/view.ts';

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
    this.#addPrime = db.prepare(`INSERT INTO prime_spend (day, task, tenant, primes, cost) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (day, task, tenant) DO UPDATE SET primes = primes + ?4, cost = cost + ?5`);
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
      this.#add.run(day, recipe, row.tenant ?? unsaid, row.model, 1, ...counts, ...tokens, ...money);
      for (const [bucket, count] of row.answers ?? []) this.#addAnswers.run(recipe, bucket, count);
    }
  }

  /**
   * @param amounts by scope, as PRIME reserved or PRIMED spent them
   * @returns nanodollars that it adds to what was billed
   */
  prime({ at, amounts, primes }: { at: number; amounts: Readonly<Record<string, number>>; primes: number }): number {
    const { task, tenant, cost } = primeFacts(amounts);
    this.#addPrime.run(periodKey('day', at), task, tenant, primes, cost);
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
] as const;

/** For whom a prime was made stands in its scopes; its price is that of its account. */
function primeFacts(amounts: Readonly<Record<string, number>>): { task: string; tenant: string; cost: number } {
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
