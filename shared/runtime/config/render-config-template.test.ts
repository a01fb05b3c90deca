import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from './load-config.ts';
import { renderConfigTemplate } from './render-config-template.ts';

/** Settings that are commented out say what the default is; they have to be true. */
const uncommented = (text: string): string =>
  text.replaceAll(/^( *)\/\/ (?=(?:createsAtOnce|openBatchesMax|maxTokens|lane|retry|state):)/gm, '$1');

describe('renderConfigTemplate', () => {
  const variants = { 'as it is': (text: string) => text, 'with every setting in force': uncommented };
  for (const [name, edit] of Object.entries(variants)) {
    it(`loads ${name}, with the defaults`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'flotilla-template-'));
      try {
        writeFileSync(join(directory, 'flotilla.config.ts'), edit(renderConfigTemplate()));
        const { tasks, lane, stateDirectory, config } = await loadConfig({ directory, flags: {}, env: {} });
        assert.deepEqual([...tasks.keys()], ['classify']);
        assert.equal(config.tasks.classify?.maxTokens, 1_024);
        assert.deepEqual(config.tasks.classify?.retry, { delaysMs: [10_000, 30_000, 90_000], jitter: 0.2 });
        assert.deepEqual([lane.itemsMax, lane.ageMsMax], [100, 30_000]);
        assert.equal(stateDirectory, join(directory, '.flotilla'));
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});
