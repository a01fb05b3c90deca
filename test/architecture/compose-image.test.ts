import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { readText, repositoryRoot } from './source-files.ts';

/** Instructions of a Dockerfile: continued lines joined, comments left out. */
const instructions = readText('Dockerfile')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .map(line => line.trim())
  .filter(line => line !== '' && !line.startsWith('#'))
  .map(line => ({ name: line.split(' ')[0] as string, rest: line.slice(line.indexOf(' ') + 1).replace(/\s+/g, ' ') }));

const named = (name: string): string[] => instructions.filter(each => each.name === name).map(({ rest }) => rest);
/** Those of the last stage, which is the image. */
const lastFrom = instructions.findLastIndex(({ name }) => name === 'FROM');
const inImage = instructions.slice(lastFrom);
/** What the image takes from here, as `COPY <from>… <to>`. */
const copied = inImage
  .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from'))
  .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
const ignored = readText('.dockerignore')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'));

describe('Dockerfile', () => {
  it('has several stages, of the Node that .nvmrc names', () => {
    assert.equal(named('FROM').length, 2);
    const version = readText('.nvmrc').trim();
    assert.deepEqual(named('ARG'), [`NODE_IMAGE=node:${version}-bookworm-slim`]);
  });

  it('installs what the lockfile says, without development, and runs no script of a dependency', () => {
    const install = named('RUN').find(rest => rest.includes('npm'));
    assert.match(install ?? '', /^npm ci --omit=dev --ignore-scripts /);
  });

  it('ends as somebody who is not root, with a health check', () => {
    assert.equal(inImage.findLast(({ name }) => name === 'USER')?.rest, '10001:10001');
    assert.ok(inImage.some(({ name }) => name === 'HEALTHCHECK'));
    assert.ok(!readText('Dockerfile').includes('ADD '));
  });

  it('takes only what is there, and what .dockerignore lets through', () => {
    for (const path of copied) {
      assert.ok(existsSync(join(repositoryRoot, path)), path);
      assert.ok(ignored.includes(`!${path}`), `${path}: add it to .dockerignore`);
    }
    for (const line of ignored.filter(each => each.startsWith('!'))) {
      const path = line.slice(1);
      const isForBuild = ['package-lock.json', '.npmrc'].includes(path);
      assert.ok(isForBuild || copied.includes(path), `${path}: nothing in the Dockerfile copies it`);
    }
    assert.equal(ignored[0], '*', 'everything is left out first');
  });
});

/** Like the image: its files, owned by another user than the one who runs it, and one folder to write to. */
function makeImage(t: { after(act: () => void): void }): { app: string; state: string } {
  const folder = makeTemporaryFolder('image');
  t.after(() => folder.remove());
  const [app, state] = [join(folder.path, 'app'), join(folder.path, 'state')];
  mkdirSync(app);
  mkdirSync(state);
  chmodSync(folder.path, 0o755);
  chmodSync(state, 0o777);
  const isLeftOut = (path: string): boolean => /\.test\.ts$|README\.md$|\.flotilla$/.test(path);
  for (const path of copied) {
    cpSync(join(repositoryRoot, path), join(app, path), { recursive: true, filter: from => !isLeftOut(from) });
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(app, 'node_modules'));
  return { app, state };
}

/** As root, another user without any right; else this one, who may then write to the files too. */
const asNobody: readonly string[] =
  process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status === 0
    ? ['setpriv', '--reuid=65532', '--regid=65532', '--clear-groups', '--no-new-privs', '--bounding-set=-all']
    : [];

const environmentOf = (state: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: state,
  TMPDIR: state,
  NODE_ENV: 'production',
  FLOTILLA_STATE: state,
});

describe('what the image holds', () => {
  it('answers documents as a user without rights, and writes to its state folder only', t => {
    const { app, state } = makeImage(t);
    const input = join(state, 'input.jsonl');
    writeFileSync(
      input,
      '{"custom_id":"a","task":"summarise","content":"one"}\n{"custom_id":"b","task":"summarise","content":"two"}\n',
    );
    const args = [
      'services/cli/main.ts',
      'run',
      input,
      '--out',
      join(state, 'answers.jsonl'),
      '--dead-letters',
      join(state, 'dead.jsonl'),
    ];
    const [program = '', ...rest] = [...asNobody, process.execPath, ...args];
    const before = spawnSync('find', [app, '-newer', input, '-type', 'f'], { encoding: 'utf8' }).stdout;
    const run = spawnSync(program, rest, { cwd: app, env: environmentOf(state), encoding: 'utf8', timeout: 120_000 });
    assert.equal(run.status, 0, run.stderr);
    const after = spawnSync('find', [app, '-newer', input, '-type', 'f'], { encoding: 'utf8' }).stdout;
    assert.equal(after, before, 'files of the application were written');
  });

  it('knows its commands, and its health check tells a healthy process from one that is not there', async t => {
    const { app, state } = makeImage(t);
    const env = environmentOf(state);
    const [program = '', ...rest] = [...asNobody, process.execPath, 'services/cli/main.ts', 'simulator', '--port', '0'];
    const child = spawn(program, rest, { cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    t.after(() => child.kill('SIGKILL'));
    await waitUntil('the simulator says where it is', () => out.includes('\n'), { withinMs: 60_000 });
    const check = (url: string): number | null =>
      spawnSync(process.execPath, ['infra/docker/check-health.mjs', url], { cwd: app, env }).status;
    const base = out.trim();
    assert.equal(check(`${base}/simulator/health`), 0);
    assert.equal(check(`${base}/nothing/here`), 1);
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    assert.equal(check(`${base}/simulator/health`), 1);
  });
});
