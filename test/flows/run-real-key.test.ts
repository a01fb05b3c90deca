import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { startSimulator } from '#services/simulator/service.ts';
import { countCreates } from '#test/support/count-creates.ts';
import { readJsonLines } from '#test/support/read-json-lines.ts';
import { type Ended, runFlotilla } from '#test/support/spawn-flotilla.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';

const key = 'sk-ant-of-a-test';

/** A folder without a configuration, and a provider somewhere on the network. */
async function setup(test: TestContext, { lostReplies = [] }: { lostReplies?: number[] } = {}) {
  const { path: folder, remove } = makeTemporaryFolder('real-key');
  const provider = await startSimulator({ latency: { minMs: 100, maxMs: 400 } });
  const counter = await countCreates(provider.baseUrl, lostReplies);
  test.after(async () => {
    await counter.close();
    await provider.close();
    remove();
  });
  const lines = Array.from({ length: 250 }, (_, number) => {
    const messages = [{ role: 'user', content: `Say ${number}.` }];
    return JSON.stringify({ custom_id: `d${number}`, params: { model: 'claude-haiku-5-5', max_tokens: 50, messages } });
  });
  writeFileSync(join(folder, 'requests.jsonl'), `${lines.join('\n')}\n`);
  const run = (env: Record<string, string> = {}): Promise<Ended> =>
    runFlotilla({
      args: ['run', 'requests.jsonl', '--json'],
      cwd: folder,
      env: { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: counter.baseUrl, ...env },
    });
  return { folder, provider, counter, run };
}

describe('flotilla run with a key and no configuration', { concurrency: 2 }, () => {
  it('sends Anthropic requests as they are to ANTHROPIC_BASE_URL, and the key stands nowhere', async test => {
    const { folder, provider, run } = await setup(test);
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stderr);
    const answers = readJsonLines<{ outcome: string }>(join(folder, 'answers.jsonl'));
    assert.equal(answers.filter(({ outcome }) => outcome === 'succeeded').length, 250);
    assert.equal(provider.invoice({ limit: 0 }).totals.rowCount, 250);
    assert.ok(existsSync(join(folder, '.flotilla', 'log.db')), 'real state does not lie with the simulated');
    assert.ok(!`${stdout}${stderr}`.includes(key));
  });

  it('sends one POST an intent when the reply is lost, and takes the batch for its own', async test => {
    const { provider, counter, run } = await setup(test, { lostReplies: [2] });
    const { code, stderr } = await run();
    assert.equal(code, 0, stderr);
    assert.deepEqual([...counter.postsByBatch().values()], [1, 1, 1]);
    assert.equal(provider.invoice({ limit: 0 }).totals.rowCount, 250);
  });

  it('ends when the key is refused, with nothing bought', async test => {
    const { provider, run } = await setup(test);
    const { code, stderr } = await run({ ANTHROPIC_API_KEY: 'no-such-key' });
    assert.equal(code, 6, stderr);
    assert.match(stderr, /provider-auth/);
    assert.equal(provider.invoice({ limit: 0 }).totals.rowCount, 0);
  });
});
