import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { openFolderHints } from './open-folder-hints.ts';

describe('openFolderHints', () => {
  it('gives the last of each name until its time is over, and nothing of what is no hint', async t => {
    const { path, remove } = makeTemporaryFolder('hints');
    t.after(remove);
    let now = 1_000;
    const folder = join(path, 'hints');
    const [one, other] = [openFolderHints(folder, { now: () => now }), openFolderHints(folder, { now: () => now })];
    assert.deepEqual(await other.list(''), []);
    await one.put('worker/a', { lanes: 1 }, 100);
    await one.put('worker/a', { lanes: 2 }, 100);
    await one.put('worker/../b', 'b', 300);
    await one.put('look/a', 'c', 300);
    await one.put('worker/large', 'x'.repeat(70_000), 300);
    writeFileSync(join(folder, 'torn.json'), '{"name":"worker/torn');
    const names = async () => (await other.list('worker/')).map(({ name }) => name).sort();
    assert.deepEqual(await names(), ['worker/../b', 'worker/a']);
    assert.deepEqual((await other.list('worker/a'))[0]?.value, { lanes: 2 });
    now += 150;
    assert.deepEqual(await names(), ['worker/../b']);
  });
});
