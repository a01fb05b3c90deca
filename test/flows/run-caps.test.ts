import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decimalDollars, parseDollars } from '#core/money.ts';
import { billOf } from '#test/support/bill-of.ts';
import { makeProject, type Project } from '#test/support/make-project.ts';
import { writeConfig } from '#test/support/write-config.ts';

const say = { model: 'claude-haiku-5-5', instructions: 'Say it again.', maxTokens: 50, lane: { items: 10 } };
const tasks = { copy: say, other: say };
const simulator = { timeScale: 1_000, latencyMinMs: 0, latencyMaxMs: 300_000 };

const documents = Array.from({ length: 200 }, (_, number) => {
  const task = number % 4 === 0 ? 'other' : 'copy';
  return { custom_id: `d${number}`, task, content: `Document ${number} says much. `.repeat(10) };
});

const spentOn = (project: Project): number => billOf(project.invoice());

/** What all of them cost at least: half more is far from enough, because answers are words. */
async function leastCost(project: Project): Promise<number> {
  const { stdout } = await project.flotilla(['estimate', 'documents.jsonl', '--json']);
  const { low } = (JSON.parse(stdout) as { batchUsd: { low: string } }).batchUsd;
  return parseDollars(low) ?? Number.NaN;
}

function capped(project: Project, scope: string, period: 'day' | 'month' | 'total', limit: number): void {
  writeConfig(project.folder, { tasks, simulator, caps: [{ scope, period, limit: decimalDollars(Math.ceil(limit)) }] });
}

interface Parked {
  parked: { scope: string; period: string; batches: number; documents: number; why: string }[];
}

async function parkedOn(project: Project, command: string): Promise<Parked['parked']> {
  return (JSON.parse((await project.flotilla([command, '--json'])).stdout) as Parked).parked;
}

const statusOf = async (project: Project): Promise<string> => (await project.flotilla(['status', '--json'])).stdout;

describe('caps of the configuration', { concurrency: true }, () => {
  for (const [scope, period, words] of [
    ['task:copy', 'day', 'task copy a day'],
    ['fleet', 'month', 'the fleet a month'],
  ] as const) {
    it(`${scope} per ${period}: parks before the create, nothing fails, and goes on when there is room`, async test => {
      const project = makeProject(test, { tasks });
      project.writeDocuments(documents);
      const limit = (await leastCost(project)) * (scope === 'fleet' ? 1.5 : 1);
      capped(project, scope, period, limit);
      const run = await project.run();
      assert.equal(run.code, 7, run.stderr);
      assert.match(run.stderr, new RegExp(`parked +\\d+ documents, no room under the cap of ${words}`));
      assert.match(
        run.stderr,
        new RegExp(
          `cap +${words} \\(\\d{4}-\\d\\d(-\\d\\d)?\\): \\$ [\\d.]+ of \\$ [\\d.]+ spent and reserved, \\d+ %`,
        ),
      );
      assert.match(run.stderr, /higher cap in the configuration or in the next period/);
      const answers = project.answers();
      assert.ok(answers.length > 0 && answers.length < documents.length, `${answers.length} answered`);
      assert.deepEqual(project.deadLetters(), []);
      const isOther = ({ custom_id: id }: { custom_id: string | null }): boolean => Number(id?.slice(1)) % 4 === 0;
      const others = answers.filter(isOther).length;
      if (scope === 'fleet') assert.ok(spentOn(project) <= limit);
      else assert.equal(others, 50, 'the other task waits for nobody');

      for (const command of ['status', 'cost']) {
        const [held] = await parkedOn(project, command);
        assert.deepEqual([held?.scope, held?.period], [`${scope}:money`, period], command);
        assert.equal(held?.documents, documents.length - answers.length, command);
        const { stdout } = await project.flotilla([command]);
        assert.match(stdout, new RegExp(`no room under the cap of ${words}`), command);
        assert.match(stdout, new RegExp(`${words} \\(.*\\): \\$ [\\d.]+ of`), command);
      }

      capped(project, scope, period, limit * 100);
      const finished = await project.run();
      assert.equal(finished.code, 0, finished.stderr);
      assert.equal(project.answers().length, documents.length);
      assert.deepEqual(await parkedOn(project, 'status'), []);
      const { lost, duplicated, boughtTwice, unaccounted, examples } = await project.audit();
      assert.deepEqual([lost, duplicated, boughtTwice, unaccounted], [0, 0, 0, 0], examples.join('\n'));
    });
  }

  it('of a run whose engine is another command: told all the same, and ended with 7', async test => {
    const project = makeProject(test, { tasks });
    project.writeDocuments(documents);
    const engine = project.start(['dev', '--port', '0']);
    test.after(() => engine.signal('SIGKILL'));
    for (let tries = 0; tries < 100 && !/engineRunning":true/.test(await statusOf(project)); tries++) await sleep(100);
    const run = await project.run('--max-cost', decimalDollars(await leastCost(project)), '--wait-timeout', '60s');
    assert.equal(run.code, 7, run.stderr);
    assert.match(run.stderr, /parked +\d+ documents, no room under the cap of this run/);
    assert.ok(!engine.hasEnded(), 'the engine was another process all the time');
    engine.signal('SIGTERM');
    await engine.ended;
  });

  it('without a price under a cap: parked, and every screen says why', async test => {
    const strange = { ...say, model: 'claude-of-tomorrow' };
    const project = makeProject(test, {
      tasks: { copy: strange },
      caps: [{ scope: 'fleet', period: 'day', limit: '$20' }],
    });
    project.writeDocuments([{ custom_id: 'a', task: 'copy', content: 'x' }]);
    const run = await project.run();
    assert.equal(run.code, 7, run.stderr);
    assert.match(run.stderr, /the price of their model is unknown/);
    assert.equal((await parkedOn(project, 'status'))[0]?.scope, 'price unknown');
    assert.equal(project.invoice().length, 0);
  });
});
