import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readInvoice } from '#test/support/read-invoice.ts';
import { type Ended, runFlotilla } from '#test/support/spawn-flotilla.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '#test/support/temporary-folder.ts';
import { writeConfig } from '#test/support/write-config.ts';

let folder: TemporaryFolder;
let run: string;
let ran: Ended;

const flotilla = (...args: string[]): Promise<Ended> =>
  runFlotilla({ args, cwd: folder.path, env: { LANG: 'C.UTF-8' } });
const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await flotilla(...args, '--json')).stdout) as T;
const purchases = (): number => readInvoice(join(folder.path, '.flotilla/simulated')).length;

const line = (customId: string, task = 'label') => JSON.stringify({ custom_id: customId, task, content: 'some words' });

const configure = (tasks: readonly string[]): void =>
  writeConfig(folder.path, {
    tasks: Object.fromEntries(tasks.map(name => [name, { model: 'claude-haiku-4-5', instructions: 'Label it.' }])),
    simulator: { latencyMinMs: 100_000, latencyMaxMs: 200_000 },
  });

/** Two documents are answered, one of a task that is not there yet and one that is no JSON become dead letters. */
before(async () => {
  folder = makeTemporaryFolder('after-a-run');
  configure(['label']);
  writeFileSync(join(folder.path, 'in.jsonl'), `${[line('a'), line('b'), line('c', 'later'), '{bad'].join('\n')}\n`);
  ran = await flotilla('run', 'in.jsonl', '--json');
  run = (JSON.parse(ran.stdout) as { run: string }).run;
});
after(() => folder.remove());

describe('after a run with dead letters', () => {
  it('the run has ended with 3 and one object', () => {
    assert.equal(ran.code, 3, ran.stderr);
    const { documents, succeeded, deadLettered, simulated } = JSON.parse(ran.stdout) as Record<string, unknown>;
    assert.deepEqual(
      { documents, succeeded, deadLettered, simulated },
      {
        documents: 4,
        succeeded: 2,
        deadLettered: 2,
        simulated: true,
      },
    );
    assert.equal(ran.stderr, '');
  });

  it('status knows it', async () => {
    const { runs, engineRunning } = await json<{ runs: Record<string, unknown>[]; engineRunning: boolean }>('status');
    assert.equal(engineRunning, false);
    assert.deepEqual(
      runs.map(({ run: name, state, documents, succeeded, deadLettered }) => [
        name,
        state,
        documents,
        succeeded,
        deadLettered,
      ]),
      [[run, 'done', 4, 2, 2]],
    );
    assert.match((await flotilla('status')).stdout, new RegExp(`✗ ${run}  2 ok · 2 dead of 4 .* done`));
  });

  it('dead-letters groups them by cause, with what to do', async () => {
    const { total, causes } = await json<{ total: number; causes: { cause: string; count: number }[] }>(
      'dead-letters',
      run,
    );
    assert.equal(total, 2);
    assert.deepEqual(causes.map(({ cause, count }) => [cause, count]).sort(), [
      ['invalid-json', 1],
      ['unknown-task', 1],
    ]);
    const text = (await flotilla('dead-letters', '--cause', 'unknown-task', '--export', 'dead-only.jsonl')).stdout;
    assert.match(text, /unknown-task {2}1 dead letter.*\n {2}0\/2 "c" line 3 .*\n {2}Fix: /);
    const exported = readFileSync(join(folder.path, 'dead-only.jsonl'), 'utf8').trim().split('\n');
    assert.deepEqual(
      exported.map(text => (JSON.parse(text) as { custom_id: string }).custom_id),
      ['c'],
    );
  });

  it('the audit is clean', async () => {
    const { code, stdout } = await flotilla('audit', '--json');
    assert.equal(code, 0);
    const { basis, pending, ...figures } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([basis, pending], ['invoice', 0]);
    assert.deepEqual(figures, {
      documents: 4,
      answered: 2,
      deadLettered: 2,
      lost: 0,
      duplicated: 0,
      boughtTwice: 0,
      unaccounted: 0,
      verdict: 'clean',
    });
    assert.match((await flotilla('audit')).stdout, /verdict: ✓ clean/);
  });

  it('cancel has nothing to do, and knows what does not exist', async () => {
    assert.match((await flotilla('cancel', run)).stderr, /is done/);
    const unknown = await flotilla('cancel', `${run}0`);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, new RegExp(`did you mean "${run}"`));
  });

  it('a run that does not exist has no dead letters to be glad of, nor to replay', async () => {
    for (const command of ['dead-letters', 'replay']) {
      const unknown = await flotilla(command, `${run}0`);
      assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
      assert.match(unknown.stderr, new RegExp(`there is no run .* did you mean "${run}"`));
    }
  });
});

describe('flotilla replay', () => {
  it('only says what it would do', async () => {
    const { code, stdout, stderr } = await flotilla('replay', run);
    assert.equal(code, 0);
    assert.match(stdout, /2 dead letters to send again/);
    assert.match(stdout, /2 documents would be rejected again/);
    assert.match(stderr, /Nothing was sent\. First: mend the cause\. Then: flotilla replay r_[0-9a-f]+ --yes/);
  });

  it('sent twice is one purchase', async () => {
    configure(['label', 'later']);
    const before = purchases();
    const first = await flotilla('replay', '--cause', 'unknown-task', '--yes', '--json');
    assert.equal(first.code, 0, first.stderr);
    const replay = JSON.parse(first.stdout) as { run: string; succeeded: number };
    assert.equal(replay.succeeded, 1);
    assert.equal(purchases(), before + 1);
    const [answer] = readFileSync(join(folder.path, 'replayed.jsonl'), 'utf8').trim().split('\n');
    assert.equal((JSON.parse(answer ?? '') as { custom_id: string }).custom_id, 'c');

    const second = await flotilla('replay', '--cause', 'unknown-task', '--yes', '--json');
    assert.deepEqual([second.code, (JSON.parse(second.stdout) as { run: string }).run], [0, replay.run]);
    assert.equal(purchases(), before + 1);
    const dry = await flotilla('replay', '--cause', 'unknown-task');
    assert.equal(dry.code, 7);
    assert.match(dry.stderr, /1 replayed before/);
  });

  it('ends after three', async () => {
    let rid = '0/3';
    for (let count = 1; count <= 3; count++) {
      const { code } = await flotilla('replay', '--rid', rid, '--yes', '--out', `replay-${count}.jsonl`);
      assert.equal(code, 3);
      const [text] = readFileSync(join(folder.path, `replay-${count}.jsonl`), 'utf8')
        .trim()
        .split('\n');
      ({ rid } = JSON.parse(text ?? '') as { rid: string });
    }
    const refused = await flotilla('replay', '--rid', rid, '--yes');
    assert.match(refused.stderr, /replay-limit/);
    assert.notEqual(refused.code, 0);
  });

  it('refuses what is no record id, and what is not there', async () => {
    assert.equal((await flotilla('replay', '--rid', 'seventeen')).code, 2);
    assert.equal((await flotilla('replay', '--rid', '0/9999')).code, 7);
  });

  it('leaves an audit that is clean', async () => assert.equal((await flotilla('audit')).code, 0));
});

describe('where nothing was ever run', () => {
  it('every command says so', async () => {
    const empty = makeTemporaryFolder('empty');
    try {
      for (const command of ['status', 'audit', 'dead-letters', 'replay']) {
        const { code, stderr } = await runFlotilla({ args: [command], cwd: empty.path });
        assert.equal(code, 2, command);
        assert.match(stderr, /nothing was run there yet/);
      }
    } finally {
      empty.remove();
    }
  });
});
