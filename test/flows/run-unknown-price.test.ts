import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeProject } from '#test/support/make-project.ts';
import { startTestConsole } from '#test/support/start-console.ts';
import { waitUntil } from '#test/support/wait-until.ts';

/** The simulator answers for it, and no price table of ours has it. */
const unpriced = 'claude-mythos-5';
const priced = 'claude-haiku-5-5';

const documents = (model: string, count: number): object[] =>
  Array.from({ length: count }, (_, number) => ({
    custom_id: `${model}-${number}`,
    params: { model, max_tokens: 50, messages: [{ role: 'user', content: `Say ${number}.` }] },
  }));

describe('a model whose price nobody knows', () => {
  it('costs an unknown amount on every screen, and never nothing', async test => {
    const project = makeProject(test);
    project.writeDocuments(documents(unpriced, 20));
    const said = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await project.flotilla(args);
      return stdout + stderr;
    };
    const before = await said('estimate', 'documents.jsonl');
    assert.match(before, /unknown price +20 documents \(claude-mythos-5\), in no sum/);
    assert.doesNotMatch(before, /\$|--max-cost/);
    assert.match(await said('validate', 'documents.jsonl'), /price: unknown price: 20 documents/);

    const run = await project.flotilla(['run', 'documents.jsonl']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /work +1 batch in/);
    assert.match(run.stderr, /cost +unknown/);
    assert.match(run.stderr, /cost_usd=unknown/);
    const again = JSON.parse((await project.flotilla(['run', 'documents.jsonl', '--json'])).stdout) as Record<
      string,
      unknown
    >;
    assert.deepEqual([again.costUsd, again.savedUsd, again.unpricedBatches, again.batches], [null, null, 1, 1]);
    assert.match(await said('status'), /20 ok of 20 [·|] cost unknown/);
    const cost = await said('cost', '--by', 'model');
    assert.match(cost, /claude-mythos-5 .*unknown/);
    assert.match(cost, /price unknown for 20 answers, in no sum/);
    assert.doesNotMatch(cost, /\$ 0\.00/);

    const console = await startTestConsole(test, { cwd: project.folder });
    await waitUntil('the console has read the log', async () => (await console.overview()).documents?.succeeded === 20);
    const { money } = (await console.overview()) as unknown as { money: { billed: unknown; unpricedBatches: number } };
    assert.deepEqual(money.billed, { usd: null, text: 'unknown' });
    assert.equal(money.unpricedBatches, 1);
  });

  it('is bought by no run under a cap; what has a price goes through beside it', async test => {
    const project = makeProject(test);
    project.writeDocuments([...documents(unpriced, 20), ...documents(priced, 20)]);
    const capped = await project.flotilla(['run', 'documents.jsonl', '--max-cost', '1']);
    assert.equal(capped.code, 7, capped.stderr);
    assert.match(capped.stderr, /the price of their model is unknown/);
    assert.match(capped.stderr, /the same command without a cap, or models whose price is known/);
    assert.deepEqual(
      project.invoice().filter(({ model }) => model === unpriced),
      [],
    );
    const free = await project.flotilla(['run', 'documents.jsonl']);
    assert.equal(free.code, 0, free.stderr);
    assert.equal(project.invoice().length, 40);
    assert.match(free.stderr, /price unknown for \d+ batch/);
  });
});
