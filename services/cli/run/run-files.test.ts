import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { RunFiles } from './run-files.ts';

/** Two processes of one run over one log, and the locks they share. */
function setup(test: TestContext): { first: RunFiles; second: RunFiles } {
  const { path: folder, remove } = makeTemporaryFolder('run-files');
  const log = createMemoryCluster().connect();
  const held = new Set<string>();
  const acquireLock = (name: string): { release(): void } | null => {
    if (held.has(name)) return null;
    held.add(name);
    return { release: () => void held.delete(name) };
  };
  const files = { out: join(folder, 'answers.jsonl'), deadLetters: join(folder, 'dead.jsonl') };
  const [first, second] = [1, 2].map(() => new RunFiles({ log, run: 'r_1', ...files, acquireLock }));
  test.after(async () => {
    await first?.close();
    await second?.close();
    remove();
  });
  return { first, second } as { first: RunFiles; second: RunFiles };
}

describe('the files of a run in two processes', () => {
  it('are never shared out between both: whoever has no answers file takes no dead letters', async test => {
    const { first, second } = setup(test);
    await first.answers.open(); // and not yet the other, when the second one comes
    await second.open();
    assert.equal(second.deadLetters.isOpen, false);
    await first.open();
    assert.equal(first.areOpen, true);
  });

  it('go to the second once the first has closed them', async test => {
    const { first, second } = setup(test);
    await first.open();
    await second.open();
    assert.equal(second.areOpen, false);
    await first.close();
    await second.open();
    assert.equal(second.areOpen, true);
  });
});
