import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '../..');

function start(script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

for (const { name, script, says } of [
  { name: 'sim', script: 'test/simulation/main.ts', says: /--planted \[name\]/ },
  { name: 'chaos', script: 'test/chaos/main.ts', says: /kill-run \[--kills 200\]/ },
  { name: 'bench', script: 'test/bench/main.ts', says: /throughput \[options\]/ },
]) {
  describe(`npm run ${name}`, () => {
    it('prints its usage when it is asked for help', () => {
      const { status, stdout, stderr } = start(script, '--help');
      assert.match(stdout, says);
      assert.deepEqual([status, stderr], [0, '']);
    });

    it('says in one line what is no flag', () => {
      const { status, stdout, stderr } = start(script, '--nonsense');
      assert.equal(stderr, `error: unknown option '--nonsense' (npm run ${name} -- --help)\n`);
      assert.deepEqual([status, stdout], [2, '']);
    });
  });
}
