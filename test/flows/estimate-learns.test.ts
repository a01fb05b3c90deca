import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { unitsPerDollar } from '#core/money.ts';
import type { InvoiceRow } from '#services/simulator/machine/invoice.ts';
import { billOf } from '#test/support/bill-of.ts';
import { makeProject, type Project } from '#test/support/make-project.ts';

interface Said {
  batchUsd: Record<'low' | 'expected' | 'high', string>;
  likelyUsd: Record<'low' | 'high', string>;
  basis: { input: { label: string }; output: { label: string; documents: Record<string, number> } };
}

const describeIt = { model: 'claude-haiku-5-5', instructions: 'What is it?', maxTokens: 300 };
const topics = ['the harbour', 'a ship', 'ropes and sails', '港口', 'tides, and what they do to harbours in winter'];

const lines = (name: string, count: number, from: number): string =>
  Array.from({ length: count }, (_, index) => {
    const number = index + from;
    const content = `Document ${number} of ${name}: ${`${topics[number % topics.length]}. `.repeat(1 + (number % 29))}`;
    return `${JSON.stringify({ custom_id: `${name}-${number}`, task: 'describe', content })}\n`;
  }).join('');

const dollarsOf = (rows: readonly InvoiceRow[]): number => billOf(rows) / unitsPerDollar;

/** An engine of which the commands of the test are guests. */
async function startEngine(test: TestContext, project: Project): Promise<ReturnType<Project['start']>> {
  const engine = project.start(['dev', '--port', '0']);
  test.after(() => engine.signal('SIGKILL'));
  const isRunning = async (): Promise<boolean> =>
    /"engineRunning":true/.test((await project.flotilla(['status', '--json'])).stdout);
  for (let tries = 0; tries < 100 && !(await isRunning()); tries++) await sleep(100);
  return engine;
}

describe('flotilla estimate', () => {
  it('is calibrated first, then learned from what was billed, and always around the invoice', async test => {
    const project = makeProject(test, { tasks: { describe: describeIt } });
    writeFileSync(project.path('first.jsonl'), lines('first', 200, 0));
    writeFileSync(project.path('second.jsonl'), lines('second', 150, 1_000));
    const estimate = async (...flags: string[]): Promise<Said> => {
      const { stdout, stderr } = await project.flotilla(['estimate', 'second.jsonl', '--json', ...flags]);
      assert.ok(stdout.startsWith('{'), stderr);
      return JSON.parse(stdout) as Said;
    };
    const [bare, cold] = [await estimate('--exact', '0'), await estimate('--exact', '1000')];
    assert.deepEqual([bare.basis.input.label, bare.basis.output.label], ['calibrated', 'guessed']);
    assert.deepEqual([cold.basis.input.label, cold.basis.output.label], ['exact', 'learned']);

    const first = await project.flotilla(['run', 'first.jsonl']);
    assert.equal(first.code, 0, first.stderr);
    const learned = await estimate('--exact', '0');
    assert.deepEqual([learned.basis.input.label, learned.basis.output.label], ['learned', 'learned']);
    const validated = await project.flotilla(['validate', 'second.jsonl']);
    assert.match(validated.stdout, /price: about \$ 0\.\d+, at most \$ 0\.\d+; learned$/m);

    const before = project.invoice().length;
    const second = await project.flotilla([
      'run',
      'second.jsonl',
      '--out',
      'second.out',
      '--dead-letters',
      'second.dead',
    ]);
    assert.equal(second.code, 0, second.stderr);
    const invoice = dollarsOf(project.invoice().slice(before));
    for (const { batchUsd } of [bare, cold, learned]) {
      assert.ok(Number(batchUsd.low) <= invoice && invoice <= Number(batchUsd.high), `${invoice} is out of bounds`);
    }
    for (const [name, { batchUsd }, share] of [
      ['cold', cold, 0.01],
      ['learned', learned, 0.02],
    ] as const) {
      const error = Math.abs(Number(batchUsd.expected) / invoice - 1);
      assert.ok(error < share, `${name}: ${batchUsd.expected} was expected, and ${invoice} billed`);
    }
    assert.ok(Number(learned.likelyUsd.high) / Number(learned.likelyUsd.low) < 1.2);
  });

  it('expects of the cache what the planner does and says so, and then what marked answers had', async test => {
    const instructions = `What is it?\n${'All that is to be known of harbours, ships, ropes and tides. '.repeat(500)}`;
    const project = makeProject(test, {
      tasks: { describe: { ...describeIt, instructions } },
      cache: { mode: 'on', holdBack: 0 },
      // The planner's time is ours: at another scale what lives by its clock is over by the provider's.
      simulator: { timeScale: 1, latencyMaxMs: 300 },
    });
    const engine = await startEngine(test, project); // entries live as long as it does: a second one would find none of the first
    writeFileSync(project.path('first.jsonl'), lines('first', 200, 0));
    writeFileSync(project.path('second.jsonl'), lines('second', 200, 1_000));
    const estimate = async (): Promise<Said & { assumes: string }> =>
      JSON.parse((await project.flotilla(['estimate', 'second.jsonl', '--json', '--exact', '0'])).stdout);
    const cold = await estimate();
    assert.match(cold.assumes, /prompt cache for 200 documents as the planner guesses: 64 % of them read it/);

    const first = await project.flotilla(['run', 'first.jsonl']);
    assert.equal(first.code, 0, first.stderr);
    const learned = await estimate();
    assert.match(learned.assumes, /prompt cache as in the newest 200 answers: \d+ % of their input read/);
    assert.ok(Number(learned.batchUsd.expected) < Number(cold.batchUsd.expected));

    const before = project.invoice().length;
    const outputs = ['--out', 'second.out', '--dead-letters', 'second.dead'];
    assert.equal((await project.flotilla(['run', 'second.jsonl', ...outputs])).code, 0);
    const invoice = dollarsOf(project.invoice().slice(before));
    // The first run began with a prime, and this one finds its entry.
    const primes = project.invoice().filter(({ batchId }) => batchId === null);
    assert.equal(primes.length, 1);
    const error = Math.abs(Number(learned.batchUsd.expected) / invoice - 1);
    assert.ok(error < 0.005, `${learned.batchUsd.expected} was expected, and ${invoice} billed`);
    assert.ok(Number(learned.batchUsd.low) <= invoice && invoice <= Number(learned.batchUsd.high));
    engine.signal('SIGTERM');
    await engine.ended;
  });
});
