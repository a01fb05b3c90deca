import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { leanEnvironment, leanFlag } from './lean-process.ts';

const launcher = new URL('./flotilla.mjs', import.meta.url);

describe('a lean process', () => {
  it('is what the launcher starts, too', () => {
    const text = readFileSync(launcher, 'utf8');
    const [[name, value]] = Object.entries(leanEnvironment) as [[string, string]];
    assert.ok(text.includes(`'${leanFlag}'`) && text.includes(`${name}: '${value}'`));
  });

  it('takes the place of a worker that was started without its bounds', async () => {
    const module = new URL('./lean-process.ts', import.meta.url);
    const script = `const { becomeLean, leanFlag } = await import(${JSON.stringify(module.href)});
      const isBound = process.execArgv.includes(leanFlag);
      console.log(JSON.stringify([process.pid, isBound, process.env.MALLOC_TRIM_THRESHOLD_ ?? null]));
      becomeLean();`;
    const { FLOTILLA_LAUNCHER_FD: _fd, NODE_OPTIONS: _options, ...env } = process.env;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      env,
      cwd: fileURLToPath(new URL('.', module)),
    });
    const lines = (await child.stdout.setEncoding('utf8').toArray()).join('').trim().split('\n');
    const expected = [
      [child.pid, false, null],
      [child.pid, true, '131072'],
    ];
    assert.deepEqual(
      lines.map(line => JSON.parse(line) as unknown),
      expected,
    );
  });
});
