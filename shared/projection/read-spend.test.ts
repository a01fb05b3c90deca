import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { encodeRecipe } from '#contracts/recipe-codec.ts';
import { encodeSettled } from '#contracts/settled-codec.ts';
import { noUsage } from '#core/cost.ts';
import { costLines, costTotal } from '#core/cost-report/cost-report.ts';
import { tokenBucket } from '#core/cost-report/token-buckets.ts';
import type { JournalRecord } from '#core/journal.ts';
import { raisedRecipe } from '#core/raise-max-tokens.ts';
import { asIsRecipe, type Recipe, recipeFamily, recipeHash } from '#core/recipe.ts';
import type { SettledRecord } from '#core/settled.ts';
import { noSpend, type SpendRow } from '#core/spend.ts';
import { settledOf } from '#test/support/journal-records.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { Projection } from './projection.ts';
import { readAnswerTokens } from './read-answer-tokens.ts';
import { readSpend, type SpendBounds } from './read-spend.ts';

const day = Date.UTC(2026, 10, 24, 23, 59);
const always: SpendBounds = { since: null, until: null };
const recipe: Recipe = { ...asIsRecipe, task: 'classify', model: 'claude-haiku-5-5', maxTokens: 10 };
const today: Recipe = { ...recipe, maxTokens: 50 };
const raised = raisedRecipe(recipe, { shape: 'content', content: '' });

async function setup(test: TestContext) {
  const folder = makeTemporaryFolder('spend');
  test.after(folder.remove);
  let now = day;
  const cluster = createMemoryCluster({ partitions: { documents: 1, settled: 1 }, now: () => now });
  const log = cluster.connect();
  const append = async (topic: 'journal' | 'recipes', value: Uint8Array, key: string | null = null): Promise<void> =>
    void (await log.append({ topic, partition: 0, records: [{ key, value, headers: {} }] }));
  const journal = (record: JournalRecord): Promise<void> => append('journal', encodeJournal(record));
  await journal({ kind: 'FLEET', fleet: 'fleeta', partitions: 1, settledPartitions: 1 });
  for (const each of [recipe, raised, today]) await append('recipes', encodeRecipe(each), recipeHash(each));
  return {
    journal,
    advanceTo: (at: number) => (now = at),
    seal: (bk: string, offset: number, of = recipe) => {
      const items = [[0, offset, 0, 0]] as const;
      return journal({ kind: 'SEALED', bk, type: 'batch', account: 'a', recipe: recipeHash(of), runs: [], items });
    },
    settle: async (bk: string, ...rows: SpendRow[]): Promise<void> => {
      const record: SettledRecord = { ...settledOf(bk), spend: { at: day, rows } };
      const fence = await log.fence(0);
      await fence.send([
        { topic: 'settled', partition: 0, records: [{ key: bk, value: encodeSettled(record), headers: {} }] },
      ]);
      await fence.commit();
    },
    read: async (bounds = always) => {
      const projection = await Projection.open({ path: join(folder.path, 'p.db'), log });
      while (!(await projection.advance()));
      const figures = readSpend(projection, bounds);
      const tokens = readAnswerTokens(projection, recipeFamily(recipe));
      const { billed } = projection.totals.read();
      projection.close();
      return { figures, tokens, total: costTotal(figures).money, billed };
    },
  };
}

const row = (billed: number, rest: Partial<SpendRow> = {}): SpendRow => ({
  ...noSpend,
  tenant: null,
  model: 'claude-haiku-5-5',
  bought: 1,
  delivered: 1,
  usage: { ...noUsage, input: 10 },
  billed,
  uncached: billed,
  ...rest,
});

describe('readSpend', () => {
  it('counts a batch once, whichever of its two topics is read first, and one that is void never', async test => {
    const { seal, settle, read } = await setup(test);
    await settle('ahead', row(5));
    await seal('ahead', 1);
    await seal('after', 2);
    await settle('after', row(7));
    await settle('after', row(1_000));
    await seal('void', 2); // its only item is another's
    await settle('void', row(2_000));
    assert.equal((await read()).total.billed, 12);
  });

  it('keeps tenants and models apart, and knows the task by the recipe; a raised one is the same task', async test => {
    const { seal, settle, read } = await setup(test);
    await seal('one', 1);
    await settle('one', row(1, { tenant: 'acme' }), row(2, { model: 'claude-sonnet-5-5' }));
    await seal('two', 2, raised);
    await settle('two', row(4, { tenant: 'acme' }));
    const { figures } = await read();
    const told = figures.map(({ task, tenant, model, billed }) => [task, tenant, model, billed]);
    assert.deepEqual(told, [
      ['classify', null, 'claude-sonnet-5-5', 2],
      ['classify', 'acme', 'claude-haiku-5-5', 5],
    ]);
  });

  it('a prime is its reserve until it says what it cost, and says so once', async test => {
    const { journal, advanceTo, read } = await setup(test);
    const scopes = (amount: number) => ({
      'account:a:money': amount,
      'fleet:money': amount,
      'task:classify:money': amount,
      'tenant:acme:money': amount,
    });
    const prime = { kind: 'PRIME', id: 'p', account: 'a', prefix: 'x', nonce: 'n', reserve: scopes(100) } as const;
    await journal(prime);
    const { figures, total } = await read();
    assert.equal(total.primes, 100);
    assert.deepEqual([figures[0]?.task, figures[0]?.tenant, figures[0]?.primes], ['classify', 'acme', 1]);
    advanceTo(day + 3_600_000); // of the day in which it was reserved, all the same
    await journal({ kind: 'PRIMED', id: 'p', actual: scopes(30) });
    await journal({ kind: 'PRIMED', id: 'p', actual: scopes(1) });
    const primed = await read({ since: '2026-11-24', until: '2026-11-24' });
    assert.deepEqual([primed.total.primes, primed.total.billed, primed.figures[0]?.primes], [30, 30, 1]);
    assert.equal((await read({ since: '2026-11-25', until: null })).figures.length, 0);
  });

  it('a prime is of the model that answered it, else of the one that was asked, and so in every breakdown', async test => {
    const { journal, seal, settle, read } = await setup(test);
    await seal('one', 1);
    await settle('one', row(5));
    const amounts = { 'account:a:money': 7, 'fleet:money': 7, 'task:classify:money': 7 };
    const prime = { kind: 'PRIME', account: 'a', prefix: 'x', nonce: 'n', reserve: amounts } as const;
    await journal({ ...prime, id: 'answered', model: 'claude-haiku' });
    await journal({ kind: 'PRIMED', id: 'answered', actual: amounts, model: 'claude-haiku-5-5' });
    await journal({ ...prime, id: 'unanswered', model: 'claude-haiku' });
    await journal({ ...prime, id: 'of-an-earlier-program' });
    const { figures, total } = await read();
    const told = costLines(figures, ['model']).map(({ by, sums, money }) => [by.model, sums.primes, money.billed]);
    assert.deepEqual(told, [
      ['claude-haiku-5-5', 1, 12],
      [null, 1, 7],
      ['claude-haiku', 1, 7],
    ]);
    assert.equal(total.billed, 26);
  });

  it('a batch with requests of two places is one', async test => {
    const { seal, settle, read } = await setup(test);
    await seal('mixed', 1);
    await settle('mixed', row(5), row(6, { isUsOnly: true }));
    const { figures } = await read();
    assert.deepEqual(
      figures.map(({ batches, bought, billed }) => [batches, bought, billed]),
      [[1, 2, 11]],
    );
  });

  it('an answer that was given again is no purchase, and its batch none', async test => {
    const { seal, settle, read } = await setup(test);
    await seal('bought', 1);
    await settle('bought', row(5, { individual: 10 }));
    await seal('again', 2);
    const reused = { answers: 2, unpriced: 0, batch: 10, individual: 20 };
    await settle('again', { tenant: null, model: 'claude-haiku-5-5', ...noSpend, reused });
    const { figures, total } = await read();
    const [figure] = figures;
    assert.deepEqual([figures.length, figure?.batches, figure?.bought, figure?.reused], [1, 1, 1, reused]);
    const { batch, billed, individual, saved } = total;
    assert.deepEqual({ batch, billed, individual, saved }, { batch: 15, billed: 5, individual: 30, saved: 25 });
  });

  it('a prime that was not sent after all is none, and the totals of screens have those that were', async test => {
    const { journal, read } = await setup(test);
    const reserve = { 'account:a:money': 100, 'fleet:money': 100 };
    const prime = { kind: 'PRIME', account: 'a', prefix: 'x', nonce: 'n', reserve } as const;
    await journal({ ...prime, id: 'p' });
    await journal({ kind: 'PRIMED', id: 'p', actual: {} });
    await journal({ ...prime, id: 'q' });
    await journal({ kind: 'PRIMED', id: 'q', actual: { 'account:a:money': 7, 'fleet:money': 7 } });
    const { figures, total, billed } = await read();
    assert.deepEqual([figures[0]?.primes, total.primes, billed], [1, 7, 7]);
  });

  it('counts by the day of the INTENT, first and last day included', async test => {
    const { seal, settle, read } = await setup(test);
    await seal('one', 1);
    await settle('one', row(5));
    for (const [since, until, billed] of [
      ['2026-11-24', '2026-11-24', 5],
      ['2026-11-25', null, 0],
      [null, '2026-11-23', 0],
    ] as const) {
      assert.equal((await read({ since, until })).total.billed, billed);
    }
  });

  it('an answer that was cut counts by its second try, and by the cap of its first', async test => {
    const { seal, settle, read } = await setup(test);
    await seal('first', 1);
    const two = { bought: 5, delivered: 3, truncated: 2, answers: [[tokenBucket(8), 3]] } as const;
    await settle('first', row(1, two));
    assert.equal((await read()).tokens[0]?.cut, 2);
    await seal('second', 2, raised);
    await settle('second', row(1, { answers: [[tokenBucket(17), 1]] }));
    const tokens = { maxTokens: 10, counts: [[8, 3] as const, [17, 1] as const], cut: 1 };
    assert.deepEqual((await read()).tokens, [tokens]);
    await seal('today', 3, today);
    await settle('today', row(1, { answers: [[tokenBucket(40), 1]] }));
    assert.deepEqual((await read()).tokens, [tokens, { maxTokens: 50, counts: [[40, 1]], cut: 0 }]);
  });
});
