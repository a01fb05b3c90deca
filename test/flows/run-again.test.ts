import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { copyDocument, makeProject, type Project, textOf } from '#test/support/make-project.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const documents = (count: number): object[] => Array.from({ length: count }, (_, number) => copyDocument(`d${number}`));

async function finishedProject(test: TestContext): Promise<{ project: Project; text: string; bought: number }> {
  const project = makeProject(test);
  project.writeDocuments([...documents(20), { custom_id: 'none' }]);
  assert.equal((await project.run()).code, 3);
  return { project, text: textOf(project.path('answers.jsonl')), bought: project.invoice().length };
}

/** Half of the batches take so long that a run can be stopped between them. */
async function halfDoneProject(test: TestContext): Promise<Project> {
  const simulator = { timeScale: 100, latencyMinMs: 0, latencyMaxMs: 400_000 };
  const project = makeProject(test, { simulator });
  project.writeDocuments(documents(400));
  const first = project.start(['run', 'documents.jsonl', '--task', 'copy']);
  await waitUntil('some answers', () => textOf(project.path('answers.jsonl')).split('\n').length > 50);
  first.signal('SIGKILL');
  await first.ended;
  return project;
}

async function assertFinishes(project: Project): Promise<void> {
  const { code, stderr } = await project.run();
  assert.equal(code, 0, stderr);
  const { lost, duplicated, wrong, boughtTwice, unaccounted, examples } = await project.audit();
  assert.deepEqual([lost, duplicated, wrong, boughtTwice, unaccounted], [0, 0, 0, 0, 0], examples.join('\n'));
  assert.equal(project.answers().length, 400);
}

describe('flotilla run, given again when it is finished', () => {
  it('writes the same answers from the log and buys nothing', async test => {
    const { project, text, bought } = await finishedProject(test);
    rmSync(project.path('answers.jsonl'));
    rmSync(project.path('dead.jsonl'));
    assert.equal((await project.run()).code, 3);
    assert.equal(textOf(project.path('answers.jsonl')), text);
    assert.equal(project.deadLetters().length, 1);
    assert.equal(project.invoice().length, bought);
  });

  it('writes them to another file when told so, wherever the input lies now', async test => {
    const { project, text, bought } = await finishedProject(test);
    writeFileSync(project.path('moved.jsonl'), readFileSync(project.path('documents.jsonl')));
    const { code } = await project.flotilla(['run', 'moved.jsonl', '--task', 'copy', '--out', 'other.jsonl']);
    assert.equal(code, 3);
    assert.equal(textOf(project.path('other.jsonl')), text);
    assert.equal(project.invoice().length, bought);
  });

  it('writes over what another run has left in the file', async test => {
    const { project, text } = await finishedProject(test);
    writeFileSync(project.path('answers.jsonl'), 'not ours\n'.repeat(10_000));
    assert.equal((await project.run()).code, 3);
    assert.equal(textOf(project.path('answers.jsonl')), text);
  });
});

describe('flotilla run, given again after a kill', { concurrency: 2 }, () => {
  it('cuts off a torn last line and writes it again', async test => {
    const project = await halfDoneProject(test);
    appendFileSync(project.path('answers.jsonl'), '{"custom_id":"d1","rid":"0/');
    await assertFinishes(project);
  });

  it('writes again what a file that was cut has lost', async test => {
    const project = await halfDoneProject(test);
    truncateSync(project.path('answers.jsonl'), 100);
    await assertFinishes(project);
  });

  it('writes the file anew when it is gone', async test => {
    const project = await halfDoneProject(test);
    rmSync(project.path('answers.jsonl'));
    await assertFinishes(project);
  });

  it('writes the file anew when another run has written its answers there meanwhile', async test => {
    const project = await halfDoneProject(test);
    writeFileSync(project.path('small.jsonl'), Array.from({ length: 900 }, () => '{"custom_id":"none"}\n').join(''));
    assert.equal((await project.flotilla(['run', 'small.jsonl', '--task', 'copy'])).code, 3);
    await assertFinishes(project);
  });
});

describe('flotilla run, called so that it would write over its own files', () => {
  it('refuses to write answers over the input, or dead letters over the answers', async test => {
    const project = makeProject(test);
    project.writeDocuments(documents(2));
    const before = textOf(project.path('documents.jsonl'));
    assert.equal((await project.run('--out', 'documents.jsonl')).code, 2);
    assert.equal((await project.run('--out', 'same.jsonl', '--dead-letters', 'same.jsonl')).code, 2);
    assert.equal(textOf(project.path('documents.jsonl')), before);
    assert.equal((await project.run('--out', '/dev/null', '--dead-letters', '/dev/null')).code, 0);
  });
});
