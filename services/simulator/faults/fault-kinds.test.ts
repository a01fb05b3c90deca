import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { faultKinds } from './fault-kinds.ts';

describe('faultKinds', () => {
  it('is the table of the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const rows = readme
      .split('\n')
      .filter(line => /^\| `(create|message|list|retrieve|batch|item|results)-/.test(line));
    assert.deepEqual(
      rows,
      Object.entries(faultKinds).map(([kind, { lasts, what }]) => `| \`${kind}\` | ${lasts} | ${what} |`),
    );
  });
});
