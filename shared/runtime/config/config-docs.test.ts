import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configDocs } from './config-docs.ts';
import { environmentSettings } from './environment-settings.ts';
import { settingDefinitions } from './setting-definitions.ts';

describe('configDocs', () => {
  it('is a table with a row for every setting and five cells in each', () => {
    const rows = configDocs().trim().split('\n');
    assert.equal(rows.length, settingDefinitions.length + 2);
    for (const row of rows) assert.equal(row.split(/(?<!\\)\|/).length, 7, row);
  });

  it('names every variable of the environment', () => {
    const docs = configDocs();
    for (const { env } of environmentSettings) assert.ok(docs.includes(`\`${env}\``), env);
    assert.ok(docs.includes('`ANTHROPIC_API_KEY_FILE`'));
  });

  it('shows types, defaults and bounds', () => {
    assert.match(configDocs(), /\| `http\.port` \| integer 0–65535 \| `7070` \| `FLOTILLA_HTTP_PORT` \|/);
    assert.match(configDocs(), /\| `tasks\.<name>\.model` \| string \| required \|/);
  });
});
