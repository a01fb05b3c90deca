import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { openBatchesMax } from '#core/limits.ts';
import { unitsPerDollar } from '#core/money.ts';
import { billOf } from '#test/support/bill-of.ts';
import { makeProject } from '#test/support/make-project.ts';

/** Answers in words, which cost several times what the low estimate allows for. */
const say = { model: 'claude-haiku-5-5', instructions: 'Say it again.', maxTokens: 50, lane: { items: 20 } };

const documents = Array.from({ length: 300 }, (_, number) => {
  return { custom_id: `d${number}`, task: 'copy', content: `Document ${number} says much. `.repeat(10) };
});

describe('flotilla run --max-cost', () => {
  it('ends with 7 and appends nothing when even the low estimate is above the cap', async test => {
    const project = makeProject(test);
    project.writeDocuments(documents);
    const { code, stderr } = await project.run('--max-cost', '0.000001');
    assert.equal(code, 7, stderr);
    assert.match(stderr, /budget-exceeded/);
    assert.deepEqual(project.answers(), []);
    assert.equal((await project.flotilla(['status', '--json'])).stdout.includes('"documents":300'), false);
  });

  it('parks what would exceed the cap, ends with 7, and goes on with a higher one or none', async test => {
    const project = makeProject(test, { tasks: { copy: say } });
    project.writeDocuments(documents);
    const estimate = await project.flotilla(['estimate', 'documents.jsonl', '--json']);
    const { low } = (JSON.parse(estimate.stdout) as { batchUsd: { low: string } }).batchUsd;
    const spent = (): number => billOf(project.invoice()) / unitsPerDollar;
    const counts: number[] = [];
    for (const factor of [1.5, 2]) {
      const cap = Number(low) * factor;
      const { code, stderr } = await project.run('--max-cost', String(cap));
      assert.equal(code, 7, stderr);
      assert.ok(spent() <= cap, `${spent()} were spent under a cap of ${cap}`);
      counts.push(project.answers().length);
    }
    const [first = 0, second = 0] = counts;
    assert.ok(first > 0 && first < second && second < 300, `${first}, then ${second} answered under the caps`);
    const finished = await project.run();
    assert.equal(finished.code, 0, finished.stderr);
    const { lost, duplicated, wrong, boughtTwice, unaccounted, examples } = await project.audit();
    assert.deepEqual([lost, duplicated, wrong, boughtTwice, unaccounted], [0, 0, 0, 0, 0], examples.join('\n'));
    assert.equal(project.answers().length, 300);
  });

  it('holds back nobody else: more parked batches than may be open, and another file goes through', async test => {
    const project = makeProject(test, { tasks: { copy: { ...say, lane: { items: 1 } } } });
    const many = Array.from({ length: 2 * openBatchesMax }, (_, number) => ({
      custom_id: `many${number}`,
      content: 'Say.',
    }));
    project.writeDocuments(many);
    const estimate = await project.flotilla(['estimate', 'documents.jsonl', '--task', 'copy', '--json']);
    const { low } = (JSON.parse(estimate.stdout) as { batchUsd: { low: string } }).batchUsd;
    const { code, stderr } = await project.run('--max-cost', String(Number(low) * 1.01));
    assert.equal(code, 7, stderr);
    const status = await project.flotilla(['status']);
    assert.match(status.stdout + status.stderr, /open, under a cap of \$ /);
    assert.ok(project.answers().length > 0, 'nothing went through');
    assert.ok(
      many.length - project.answers().length > openBatchesMax,
      `${project.answers().length} went through: too few are parked to show anything`,
    );
    writeFileSync(project.path('others.jsonl'), `${JSON.stringify({ custom_id: 'other', content: 'Say.' })}\n`);
    const other = await project.flotilla(['run', 'others.jsonl', '--task', 'copy', '--out', 'others-answers.jsonl']);
    assert.equal(other.code, 0, other.stderr);
    assert.equal(project.answers('others-answers.jsonl').length, 1);
  });
});
