import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { sumOfLengths } from '#core/estimate/answer-model.ts';
import { answerKey } from '#core/estimate/calibration.ts';
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
const answer = (rid: string, more: object = { usage }): NewRecord =>
  record(
    { custom_id: 'a', rid, outcome: 'succeeded', attempts: 1, ...more },
    { 'flotilla-rid': rid, 'flotilla-att': '0', 'flotilla-bk': 'b1' },
  );

/** A log with `count` documents that were sealed in one batch. */
async function sealed(count: number): Promise<{ log: Log; key: string }> {
  const log = createMemoryCluster().connect();
  const book = new RecipeBook(log);
  const hash = book.nameOf(recipe);
  await book.ensureWritten(hash);
  const documents = Array.from({ length: count }, (_, n) =>
    record({ custom_id: `d${n}`, task: 'describe', content: `It is ${n}.` }),
  );
  await append(log, 'documents', ...documents);
  const batch = { kind: 'SEALED', bk: 'b1', type: 'batch', account: 'a', recipe: hash, runs: [], items: [] } as const;
  await append(log, 'journal', record(Buffer.from(encodeJournal(batch)).toString()));
  return { log, key: answerKey({ recipe: hash, model, maxTokens: 100 }) };
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
});
