import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { type Flotilla, openFlotilla } from 'flotilla';

const directories: string[] = [];

async function setup(): Promise<{ fleet: Flotilla; directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'flotilla-open-'));
  directories.push(directory);
  const settings = { 'providers.anthropic.apiKey': undefined, 'lane.ageMs': 200 };
  return { fleet: await openFlotilla({ directory, settings }), directory };
}

const document = (customId: string) => ({
  custom_id: customId,
  params: { model: 'claude-haiku-5-5', max_tokens: 50, messages: [{ role: 'user', content: 'Say hello.' }] },
});

describe('openFlotilla', () => {
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  });

  it('answers a document that was enqueued in process', async () => {
    const { fleet } = await setup();
    const answers = await Promise.all([fleet.enqueue(document('a')), fleet.enqueue(document('b'))]);
    assert.deepEqual(
      answers.map(({ custom_id: id, outcome }) => [id, outcome]),
      [
        ['a', 'succeeded'],
        ['b', 'succeeded'],
      ],
    );
    await fleet.close();
  });

  it('answers what is no document with its fault', async () => {
    const { fleet } = await setup();
    const answer = await fleet.enqueue({ custom_id: 'x', nothing: true });
    assert.equal(answer.outcome, 'rejected');
    assert.equal(answer.cause, 'unknown-shape');
    await fleet.close();
  });
});
