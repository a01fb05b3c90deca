import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseDollars } from '#core/money.ts';
import { billOf } from '#test/support/bill-of.ts';
import { startFleet, type TestFleet } from '#test/support/fleet-harness.ts';
import { copyDocument } from '#test/support/make-project.ts';
import { readJsonLines } from '#test/support/read-json-lines.ts';

let fleet: TestFleet;
before(async () => {
  // The first ten items that it meets are answered with a refusal.
  const calls = Array.from({ length: 10 }, (_, index) => index + 1);
  fleet = await startFleet({ workers: [{}], simulator: { faults: { 'item-refusal': { calls } } } });
  await fleet.ready();
  const good = Array.from({ length: 60 }, (_, index) => ({ ...copyDocument(`G${index}`), task: 'copy' }));
  await fleet.publish([...good, 'no json', { custom_id: 'no-task', content: 'x' }]);
  await fleet.waitForResults(62);
});
after(() => fleet?.stop());

const json = async (
  ...args: string[]
): Promise<{ code: number | null; said: Record<string, unknown>; stderr: string }> => {
  const { stdout, stderr, code } = await fleet.flotilla([...args, '--json']);
  const line = stdout.trim().split('\n').at(-1) ?? '';
  assert.ok(line.startsWith('{'), `${args.join(' ')}: ${stdout}${stderr}`);
  return { code, stderr, said: JSON.parse(line) as Record<string, unknown> };
};

describe('commands on a fleet, beside its workers', () => {
  it('status counts what belongs to no run, and names the workers', async () => {
    const { code, said } = await json('status');
    assert.equal(code, 0);
    const { succeeded, deadLettered } = said.withoutRun as Record<string, number>;
    assert.deepEqual([succeeded, deadLettered, said.unsealedDocuments, said.retries], [50, 12, 0, 0]);
    assert.deepEqual(
      (said.workers as { worker: string }[]).map(({ worker }) => worker),
      ['w1'],
    );
    const { stdout } = await fleet.flotilla(['status']);
    assert.match(stdout, /workers +.* 1 process: 1 accumulator, 1 submitter, 1 poller, 1 sweeper/);
  });

  it('dead-letters groups them by cause and writes them to a file', async () => {
    const { code, stdout } = await fleet.flotilla(['dead-letters', '--export', 'letters.jsonl']);
    assert.equal(code, 0);
    for (const cause of ['refused', 'invalid-json', 'missing-task']) assert.ok(stdout.includes(cause), stdout);
    assert.equal(readJsonLines(join(fleet.folder, 'letters.jsonl')).length, 12);
  });

  it('replay says what it would do, then sends them again, waits, and buys nothing twice', async () => {
    const plan = await json('replay', '--cause', 'refused');
    assert.deepEqual([plan.code, plan.said.dryRun, plan.said.documents], [0, true, 10]);
    const sent = await fleet.flotilla(['replay', '--cause', 'refused', '--yes', '--json']);
    assert.equal(sent.code, 0, sent.stderr);
    const end = JSON.parse(sent.stdout.trim().split('\n').at(-1) ?? '') as { run: string };
    assert.deepEqual(end, { run: end.run, documents: 10, succeeded: 10, dead: 0, isComplete: true });
    const answers = readJsonLines<{ outcome: string }>(join(fleet.folder, 'replayed.jsonl'));
    assert.deepEqual(
      answers.map(({ outcome }) => outcome),
      Array(10).fill('succeeded'),
    );
    const bought = fleet.invoice().length;
    const again = await fleet.flotilla(['replay', '--cause', 'refused', '--yes', '--json']);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(fleet.invoice().length, bought);
  });

  it('cost says what the invoice says, in the smallest unit, and keeps its projection for the next time', async () => {
    const invoiced = billOf(fleet.invoice());
    for (const by of ['task', 'day,model', 'tenant']) {
      const { code, said } = await json('cost', '--by', by);
      const { rows, total, simulated } = said as {
        rows: { billedUsd: string }[];
        total: { billedUsd: string; counts: { documents: number } };
        simulated: boolean;
      };
      assert.deepEqual([code, simulated, total.counts.documents], [0, false, 60]);
      assert.equal(parseDollars(total.billedUsd), invoiced);
      assert.equal(
        rows.reduce((sum, { billedUsd }) => sum + (parseDollars(billedUsd) ?? Number.NaN), 0),
        invoiced,
      );
    }
    const { code, said } = await json('tune');
    assert.deepEqual([code, (said.tasks as { answers: number }[])[0]?.answers], [0, 60]);
  });

  it('cancel finds a run, and says when there is nothing left of it', async () => {
    const { runs } = (await json('status')).said as { runs: { run: string; state: string }[] };
    assert.deepEqual(
      runs.map(({ state }) => state),
      ['done'],
    );
    const done = await json('cancel', runs[0]?.run ?? '');
    assert.deepEqual([done.code, done.said.isDone], [0, true]);
    assert.equal((await fleet.flotilla(['cancel', 'no-such-run'])).code, 2);
  });

  it('audit is clean by the invoice of the configured address, of a URL and of a file', async () => {
    const page = await (await fetch(`${fleet.simulator.baseUrl}/simulator/invoice?after=0&limit=10000`)).text();
    writeFileSync(join(fleet.folder, 'invoice.json'), page);
    for (const invoice of [[], ['--invoice', fleet.simulator.baseUrl], ['--invoice', 'invoice.json']]) {
      const { code, said } = await json('audit', ...invoice);
      assert.deepEqual([code, said.verdict, said.basis, said.documents], [0, 'clean', 'invoice', 72]);
    }
  });

  it('audit finds what is wrong with an invoice', async () => {
    const page = JSON.parse(readFileSync(join(fleet.folder, 'invoice.json'), 'utf8')) as { rows: object[] };
    writeFileSync(join(fleet.folder, 'twice.json'), JSON.stringify({ ...page, rows: [...page.rows, page.rows[0]] }));
    const { code, said } = await json('audit', '--invoice', 'twice.json');
    assert.deepEqual([code, said.verdict, said.boughtTwice], [3, 'failed', 1]);
    assert.equal((await fleet.flotilla(['audit', '--invoice', 'none.json'])).code, 2);
  });

  it('doctor looks at Kafka, Redis, workers and the key', async () => {
    const { code, said } = await json('doctor');
    assert.equal(code, 0, JSON.stringify(said));
    const found = new Map((said.checks as { name: string; found: string }[]).map(check => [check.name, check.found]));
    assert.match(found.get('log') ?? '', /fleet [a-z0-9]{6}, /);
    assert.equal(found.get('workers'), '1 process');
    for (const name of ['kafka', 'redis', 'key', 'clock']) assert.ok(found.has(name), name);
  });

  it('run refuses: its documents would go into a file of this machine', async () => {
    const { code, stderr } = await fleet.flotilla(['run', 'invoice.json']);
    assert.equal(code, 2);
    assert.match(stderr, /a fleet is configured/);
  });

  it('looks at nothing that is not there, and makes no topics', async () => {
    const strange = { ...process.env, ...fleet.env, FLOTILLA_TOPIC_PREFIX: `${fleet.topicPrefix}-mistyped` };
    const { runFlotilla } = await import('#test/support/spawn-flotilla.ts');
    const env = Object.fromEntries(
      Object.entries(strange).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const { code, stderr } = await runFlotilla({ args: ['status'], cwd: fleet.folder, env });
    assert.equal(code, 2);
    assert.match(stderr, /mistyped\.documents\.v1/);
  });
});
