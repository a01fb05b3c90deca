import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const bufferBytes = 64 * 1024 * 1024;

/** A shell, as the reader of what was printed has one. */
const shell = async (line: string): Promise<string> =>
  (await run('sh', ['-c', line], { cwd: root, maxBuffer: bufferBytes })).stdout;

it('npm run fleet: a thousand documents published with the printed line come back, and Ctrl-C leaves nothing', async test => {
  const folder = makeTemporaryFolder('fleet-example');
  test.after(() => folder.remove());
  const fleet = spawn(process.execPath, ['test/examples/fleet.ts', folder.path], {
    cwd: root,
    env: { ...process.env, FLOTILLA_TOPIC_PREFIX: freshTopicPrefix(), NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [fleet.stdout, fleet.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const ended = once(fleet, 'close');
  test.after(() => fleet.kill('SIGTERM'));
  const lineOf = (label: string): string => {
    const line = new RegExp(`^ {2}${label} +(.+)$`, 'm').exec(said)?.[1];
    assert.ok(line, `there is no line ${label} in:\n${said}`);
    return line;
  };
  await waitUntil('it is up', () => fleet.exitCode !== null || said.includes('Ctrl-C takes all of it down'), {
    withinMs: 180_000,
  });
  await shell(lineOf('Publish'));
  const results = async (): Promise<{ custom_id: string; outcome: string }[]> =>
    (await shell(lineOf('Read')))
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line));
  await waitUntil('a thousand answers', async () => (await results()).length >= 1_000, { withinMs: 120_000 });
  const documents = readFileSync(join(folder.path, 'documents.jsonl'), 'utf8').trim().split('\n');
  const asked = documents.map(line => (JSON.parse(line) as { custom_id: string }).custom_id);
  const answers = await results();
  assert.deepEqual(answers.map(answer => answer.custom_id).sort(), asked.sort());
  assert.deepEqual([...new Set(answers.map(({ outcome }) => outcome))], ['succeeded']);
  const settings = join(folder.path, 'settings');
  const audit = await shell(`. ${settings}; node services/cli/main.ts audit --json`);
  const { verdict, basis, documents: counted } = JSON.parse(audit) as Record<string, unknown>;
  assert.deepEqual([verdict, basis, counted], ['clean', 'invoice', 1_000]);
  assert.equal((await fetch(lineOf('Screens'))).status, 200);
  fleet.kill('SIGINT');
  await ended;
  const left = await run('pgrep', ['-f', folder.path]).catch(() => ({ stdout: '' }));
  assert.equal(left.stdout, '', 'processes are left');
  await assert.rejects(fetch(lineOf('Screens')), 'the screens are still served');
});
