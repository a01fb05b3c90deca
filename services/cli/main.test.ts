import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Ended, runFlotilla } from '#test/support/spawn-flotilla.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '#test/support/temporary-folder.ts';
import { writeConfig } from '#test/support/write-config.ts';

const launcher = fileURLToPath(new URL('./flotilla.mjs', import.meta.url));
const escapeSequence = '\u001b[';

const good = (id: string) => ({
  custom_id: id,
  params: { model: 'claude-haiku-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] },
});

let folder: TemporaryFolder;
const flotilla = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  runFlotilla({ args, cwd: folder.path, env: { LANG: 'C.UTF-8', ...env } });

before(() => {
  folder = makeTemporaryFolder('cli');
  writeConfig(folder.path, { tasks: { classify: { model: 'claude-haiku-4-5', instructions: 'Say what it is.' } } });
  const lines = [good('a'), good('a'), { custom_id: 'b', task: 'clasify', content: 'x' }].map(line =>
    JSON.stringify(line),
  );
  writeFileSync(join(folder.path, 'good.jsonl'), `${JSON.stringify(good('a'))}\n`);
  writeFileSync(join(folder.path, 'mixed.jsonl'), `${[...lines, '{bad', '{worse'].join('\n')}\n`);
});
after(() => folder.remove());

describe('flotilla', () => {
  it('prints help on stdout', async () => {
    for (const args of [['--help'], [], ['help']]) {
      const { code, stdout, stderr } = await flotilla(args);
      assert.equal(code, 0);
      assert.match(stdout, /Usage: flotilla/);
      assert.match(stdout, /validate/);
      assert.equal(stderr, '');
    }
  });

  it('prints help of a command, and of exit codes', async () => {
    assert.match((await flotilla(['help', 'run'])).stdout, /--max-cost/);
    assert.match((await flotilla(['run', '--help'])).stdout, /--max-cost/);
    assert.match((await flotilla(['help', 'exit-codes'])).stdout, /130 {2}interrupted/);
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    assert.equal((await flotilla(['--version'])).stdout.trim(), version);
  });

  it('suggests what was meant', async () => {
    const command = await flotilla(['vlidate', 'good.jsonl']);
    assert.deepEqual([command.code, command.stdout], [2, '']);
    assert.match(command.stderr, /did you mean validate\?/);
    assert.match((await flotilla(['validate', '--jsno', 'x'])).stderr, /did you mean --json\?/);
    assert.match((await flotilla(['help', 'exit-code'])).stderr, /did you mean "exit-codes"\?/);
  });

  it('says what, where, why and Fix, in this order', async () => {
    const { code, stdout, stderr } = await flotilla(['validate', 'nothing.jsonl']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(
      stderr,
      `error: input unreadable
  where: nothing.jsonl
  why:   there is no such file or folder
  Fix:   check the path
  code:  input-unreadable
`,
    );
  });

  it('says it to programs as one object on stdout', async () => {
    const { code, stdout } = await flotilla(['validate', 'nothing.jsonl', '--json']);
    assert.equal(code, 2);
    const { error, exitCode } = JSON.parse(stdout) as { error: { code: string }; exitCode: number };
    assert.deepEqual([error.code, exitCode], ['input-unreadable', 2]);
  });

  it('refuses wrong values before it does anything', async () => {
    for (const args of [
      ['run', 'good.jsonl', '--max-cost', 'much'],
      ['run', 'good.jsonl', '--allow-failures', 'some'],
      ['run', 'good.jsonl', '--wait-timeout', 'long'],
      ['run', 'good.jsonl', '--task', 'clasify'],
      ['run', 'good.jsonl', '--out', '-'],
      ['run', 'good.jsonl', '--state', 'good.jsonl'],
      ['simulator', '--port', 'any'],
      ['validate'],
    ]) {
      const { code, stderr } = await flotilla(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /why: /);
    }
  });

  it('has colours only where they are wanted', async () => {
    assert.ok(!(await flotilla(['validate', 'good.jsonl'])).stdout.includes(escapeSequence));
    assert.ok((await flotilla(['validate', 'good.jsonl'], { FORCE_COLOR: '1' })).stdout.includes(escapeSequence));
    const refused = await flotilla(['validate', 'good.jsonl', '--no-color'], { FORCE_COLOR: '1' });
    assert.ok(!refused.stdout.includes(escapeSequence));
  });

  it('falls back to ASCII', async () => {
    const { stdout } = await flotilla(['validate', 'good.jsonl'], { LANG: 'C', LC_ALL: 'C' });
    assert.match(stdout, /ok no problems/);
    assert.match(stdout, /^[\x20-\x7e\n]*$/);
  });
});

describe('flotilla validate', () => {
  it('ends with 0 where all is well', async () => {
    const { code, stdout } = await flotilla(['validate', 'good.jsonl']);
    assert.equal(code, 0);
    assert.match(stdout, /1 line/);
    assert.match(stdout, /Anthropic request 1/);
    assert.match(stdout, /claude-haiku-4-5 1/);
  });

  it('groups problems by code, with their lines, and ends with 2', async () => {
    const { code, stdout } = await flotilla(['validate', 'mixed.jsonl']);
    assert.equal(code, 2);
    assert.match(stdout, /3 problems/);
    assert.match(stdout, /not valid JSON, 2 lines\s+invalid-json\n {4}line 4 [^\n]+\n {4}line 5 [^\n]+\n {4}Fix: /);
    assert.match(stdout, /line 3 +there is no task "clasify"; did you mean "classify"\?/);
  });

  it('takes a repeated custom_id for a note', async () => {
    writeFileSync(join(folder.path, 'twice.jsonl'), `${JSON.stringify(good('a'))}\n${JSON.stringify(good('a'))}\n`);
    const { code, stdout } = await flotilla(['validate', 'twice.jsonl']);
    assert.equal(code, 0);
    assert.match(stdout, /note: 1 line with a custom_id used before.*\n +line 2 +"a" \(first at line 1\)/);
  });

  it('says all of it to programs', async () => {
    const { stdout } = await flotilla(['validate', 'good.jsonl', 'mixed.jsonl', '--json']);
    const { valid, problemCount, files } = JSON.parse(stdout) as {
      valid: boolean;
      problemCount: number;
      files: { lines: number; problems: { code: string; count: number }[] }[];
    };
    assert.deepEqual([valid, problemCount, files.map(({ lines }) => lines)], [false, 3, [1, 5]]);
    assert.deepEqual(
      files[1]?.problems.map(({ code, count }) => [code, count]),
      [
        ['invalid-json', 2],
        ['unknown-task', 1],
      ],
    );
  });

  it('reads standard input', async () => {
    const input = Buffer.from(`${JSON.stringify(good('a'))}\n`.repeat(3));
    const { code, stdout } = await runFlotilla({ args: ['validate', '-', '--json'], cwd: folder.path, input });
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as { files: { lines: number }[] }).files[0]?.lines, 3);
    const { stderr } = await runFlotilla({ args: ['validate', '-'], cwd: folder.path, input });
    assert.match(stderr, /Next: flotilla estimate - {3}or {3}flotilla run -\n/);
  });
});

describe('flotilla estimate', () => {
  it('says what a file will cost', async () => {
    const { code, stdout, stderr } = await flotilla(['estimate', 'good.jsonl']);
    assert.equal(code, 0);
    assert.match(stdout, /individually .*\n.*as batches/);
    assert.match(stderr, /flotilla run good\.jsonl --max-cost 0\.01/);
  });
});

describe('flotilla init, config and doctor', () => {
  it('write a configuration that loads, and never over another one', async () => {
    const cwd = join(folder.path, 'new');
    mkdirSync(cwd);
    assert.equal((await runFlotilla({ args: ['init'], cwd })).code, 0);
    writeFileSync(join(cwd, '.env.example'), 'mine');
    assert.equal((await runFlotilla({ args: ['init'], cwd })).code, 2);
    assert.equal(readFileSync(join(cwd, '.env.example'), 'utf8'), 'mine');
    assert.equal((await runFlotilla({ args: ['init', '--force'], cwd })).code, 0);
    const { code, stdout } = await runFlotilla({ args: ['config', 'print', '--sources'], cwd });
    assert.equal(code, 0);
    assert.match(stdout, /tasks\.classify\.model +"claude-haiku-5-5" +.*flotilla\.config\.ts/);
  });

  it('never print a key', async () => {
    const env = { ANTHROPIC_API_KEY: 'sk-ant-very-secret', ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' };
    for (const args of [
      ['config', 'print', '--sources'],
      ['config', 'print', '--json'],
      ['doctor'],
      ['doctor', '--json'],
    ]) {
      const { stdout, stderr } = await flotilla(args, env);
      assert.doesNotMatch(stdout + stderr, /very-secret/, args.join(' '));
    }
  });

  it('find everything well without a key', async () => {
    const { code, stdout } = await flotilla(['doctor']);
    assert.equal(code, 0);
    assert.match(stdout, /✓ state .*can be made\n.*✓ engine +free/);
    assert.match(stdout, /answers are simulated/);
  });

  it('end with 5 where the provider is away, and with 2 where the configuration is wrong', async () => {
    const env = { ANTHROPIC_API_KEY: 'sk-ant-x', ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' };
    const away = await flotilla(['doctor'], env);
    assert.equal(away.code, 5);
    assert.match(away.stdout, /✗ key .*\n +Fix: /);
    const cwd = join(folder.path, 'wrong');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'flotilla.config.ts'), 'export default { version: 1, taks: {} };\n');
    const wrong = await runFlotilla({ args: ['doctor'], cwd });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stdout, /did you mean "tasks"/);
  });
});

describe('the launcher', () => {
  it('works from any folder and through a link, and passes on arguments and exit codes', () => {
    const link = join(folder.path, 'flotilla');
    symlinkSync(launcher, link);
    const result = spawnSync(process.execPath, [link, 'validate', 'mixed.jsonl', '--json'], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    assert.equal(result.status, 2);
    assert.equal((JSON.parse(result.stdout) as { problemCount: number }).problemCount, 3);
  });
});
