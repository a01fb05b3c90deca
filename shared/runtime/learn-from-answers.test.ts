import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { sumOfLengths } from '#core/estimate/answer-model.ts';
import { cacheKey, sumOfBills } from '#core/estimate/cache-model.ts';
import { answerKey } from '#core/estimate/calibration.ts';
import type { JournalRecord, SealedItem, SealedRecord } from '#core/journal.ts';
import type { CachePlanUse } from '#core/prompt-cache/cache-plan.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import type { Log, NewRecord, Topic } from '#ports/log.ts';
import { learnFromAnswers } from './learn-from-answers.ts';
import { RecipeBook } from './recipe-book.ts';

const model = 'claude-haiku-5-5';
const recipe: Recipe = { ...asIsRecipe, task: 'describe', model, maxTokens: 100, instructions: 'What is it?' };

const append = (log: Log, topic: Topic, ...records: NewRecord[]) => log.append({ topic, partition: 0, records });
const record = (value: unknown, headers: Record<string, string> = {}): NewRecord => ({
  key: null,
  value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  headers,
});

const usage = {
  input_tokens: 30,
  output_tokens: 7,
  cache_read_input_tokens: 10,
  cache_creation_5m_input_tokens: 0,
  cache_creation_1h_input_tokens: 0,
};
const answer = (rid: string, more: object = { usage }, bk = 'b1'): NewRecord =>
  record(
    { custom_id: 'a', rid, outcome: 'succeeded', attempts: 1, ...more },
    { 'flotilla-rid': rid, 'flotilla-att': '0', 'flotilla-bk': bk },
  );

const toJournal = (log: Log, ...records: JournalRecord[]) =>
  append(log, 'journal', ...records.map(one => record(Buffer.from(encodeJournal(one)).toString())));

/** A log with `count` documents that were sealed in one batch. */
async function sealed(count: number): Promise<{ log: Log; key: string; batch: SealedRecord }> {
  const log = createMemoryCluster().connect();
  const book = new RecipeBook(log);
  const hash = book.nameOf(recipe);
  await book.ensureWritten(hash);
  const documents = Array.from({ length: count }, (_, n) =>
    record({ custom_id: `d${n}`, task: 'describe', content: `It is ${n}.` }),
  );
  await append(log, 'documents', ...documents);
  const batch = { kind: 'SEALED', bk: 'b1', type: 'batch', account: 'a', recipe: hash, runs: [], items: [] } as const;
  await toJournal(log, batch);
  return { log, key: answerKey({ recipe: hash, model, maxTokens: 100 }), batch };
}

describe('learnFromAnswers', () => {
  it('learns from what was billed, cache tokens included, and for which recipe', async () => {
    const { log, key } = await sealed(50);
    await append(log, 'results', ...Array.from({ length: 50 }, (_, n) => answer(`0/${n}`)));
    const learned = await learnFromAnswers(log);
    assert.equal(learned.answers, 50);
    assert.equal(learned.tokensOf(model).counts, 50);
    assert.equal(learned.tokensOf(`${model}-20261001`).counts, 50);
    assert.deepEqual(sumOfLengths(learned.answersOf(key)), { answers: 50, tokens: 350, squares: 50 * 49 });
  });

  it('learns nothing from what tells nothing, and fails at none of it', async () => {
    const { log } = await sealed(3);
    const nothing = [
      record('no JSON'),
      record({ custom_id: 'a' }),
      answer('0/0', {}), // nothing was billed
      answer('0/1', { usage: { ...usage, output_tokens: -1 } }),
      answer('0/17'), // its document is gone
      { ...answer('0/2'), headers: { 'flotilla-rid': '0/2', 'flotilla-att': '0', 'flotilla-bk': 'unheard of' } },
    ];
    await append(log, 'results', ...nothing);
    await append(log, 'journal', record('no JSON either'));
    assert.equal((await learnFromAnswers(log)).answers, 0);
    assert.equal((await learnFromAnswers(createMemoryCluster().connect())).answers, 0);
  });

  describe('of the cache', () => {
    const items = (count: number) => Array.from({ length: count }, (_, n): SealedItem => [0, n, 0, 0]);
    const planOf = (use: CachePlanUse) => ({ use, marks: [{ depth: 1, hash: 'h', ttl: '5m', prime: true }] }) as const;
    const prime = (id: string, reserve: number): JournalRecord => ({
      kind: 'PRIME',
      id,
      account: 'a',
      prefix: 'h',
      nonce: id,
      reserve: { 'account:a:money': reserve },
    });

    /** Answers of batches that were sealed in this order. */
    async function learnedFrom(...uses: (CachePlanUse | null)[]) {
      const { log, key, batch } = await sealed(uses.length);
      for (const [n, use] of uses.entries()) {
        const plan = use === null ? {} : { plan: planOf(use) };
        await toJournal(log, { ...batch, bk: `c${n}`, items: items(10), ...plan });
        await append(log, 'results', answer(`0/${n}`, { usage }, `c${n}`));
      }
      const learn = async () => {
        const learned = await learnFromAnswers(log);
        assert.equal(learned.answers, uses.length);
        return sumOfBills(learned.cacheOf(cacheKey('planner', { key, length: 0, isAsIs: false })));
      };
      return { log, learn };
    }

    it('learns from batches since the planner is on, and not from what it held back', async () => {
      const answersOf = async (...uses: (CachePlanUse | null)[]) =>
        (await (await learnedFrom(...uses)).learn()).answers;
      assert.equal(await answersOf(null, null), 0);
      assert.equal(await answersOf('shadow', null), 0);
      assert.equal(await answersOf(null, 'marked', null, 'marked'), 3);
      assert.equal(await answersOf('marked', null, null), 1, 'its cache was set off');
      assert.equal(await answersOf('held-back', 'marked', 'shadow', null), 1);
    });

    it('shares what primes cost among all items behind their entry: what is open costs its reserve', async () => {
      const { log, learn } = await learnedFrom('marked', 'marked');
      const primed = (id: string, cost: number): JournalRecord => ({
        kind: 'PRIMED',
        id,
        actual: { 'account:a:money': cost },
      });
      await toJournal(log, prime('p1', 900), primed('p1', 300), prime('p2', 100), prime('p3', 900));
      await toJournal(log, { kind: 'PRIMED', id: 'p3', actual: {} }, primed('p3', 70), prime('p1', 5));
      const { answers, primes, readTokens, savedTokens } = await learn();
      assert.deepEqual([answers, primes, readTokens, savedTokens], [2, (2 * (300 + 100)) / 20, 20, 18]);
    });
  });

  it('learns what markers of the producers save whatever the planner does', async () => {
    const { log, batch } = await sealed(0);
    const book = new RecipeBook(log);
    const asIs = book.nameOf(asIsRecipe);
    await book.ensureWritten(asIs);
    const system = [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }];
    const params = { model, max_tokens: 100, system, messages: [{ role: 'user', content: 'Hello' }] };
    await append(
      log,
      'documents',
      record({ custom_id: 'a', params }),
      record({ custom_id: 'b', params: { ...params, system: 'Be.' } }),
    );
    await toJournal(log, { ...batch, bk: 'own', recipe: asIs });
    await append(log, 'results', answer('0/0', { usage }, 'own'), answer('0/1', { usage }, 'own'));
    const learned = await learnFromAnswers(log);
    assert.equal(learned.answers, 2);
    const key = answerKey({ recipe: null, model, maxTokens: 100 });
    const found = Array.from({ length: 12 }, (_, length) => cacheKey('producer', { key, length, isAsIs: true }));
    assert.equal(
      found.reduce((sum, of) => sum + sumOfBills(learned.cacheOf(of)).answers, 0),
      1,
    );
  });
});
