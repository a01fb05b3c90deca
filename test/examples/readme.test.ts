import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { copyRepository } from './copy-repository.ts';
import { blocksOf, commandsOf } from './readme-blocks.ts';

/** The packages are there already. */
const installing = /^npm ci && /;

/** What runs everything or for long: this very test would run in it. */
const notHere = /^npm (test|run (sim|chaos|bench|check|fleet))\b/;

const commandMsMax = 50_000;

/** As a stranger would have it: no key, no settings, and this Node first. */
function strangersEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '', HOME, TMPDIR, LANG } = process.env;
  const path = [dirname(process.execPath), PATH].join(delimiter);
  return { PATH: path, HOME, TMPDIR, LANG, npm_config_offline: 'true', NO_COLOR: '1' };
}

function run(command: string, args: readonly string[], directory: string): Promise<{ exitCode: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: directory, env: strangersEnvironment(), timeout: commandMsMax });
    let said = '';
    child.stdout.on('data', chunk => (said += chunk));
    child.stderr.on('data', chunk => (said += chunk));
    child.on('error', reject);
    child.on('close', code => resolve({ exitCode: code ?? 1, said }));
  });
}

describe('README.md', () => {
  const directory = copyRepository();
  after(() => rmSync(directory, { recursive: true, force: true }));
  const blocks = blocksOf(readFileSync(join(directory, 'README.md'), 'utf8'));

  it('has commands to run', () => assert.ok(blocks.length >= 3));

  for (const block of blocks) {
    if (block.language === 'ts') {
      it(`line ${block.line}: the program runs`, async () => {
        writeFileSync(join(directory, 'example.ts'), block.text);
        const { exitCode, said } = await run(process.execPath, ['example.ts'], directory);
        assert.equal(exitCode, 0, said);
        assert.match(said, /^succeeded /m);
      });
      continue;
    }
    for (const command of commandsOf(block)) {
      const text = command.text.replace(installing, '');
      if (notHere.test(text)) continue;
      const [first = ''] = text.split('\n');
      it(`line ${block.line}: ${first} ends with ${command.exitCode}`, async () => {
        const { exitCode, said } = await run('sh', ['-c', text], directory);
        assert.equal(exitCode, command.exitCode, said);
      });
    }
  }
});
