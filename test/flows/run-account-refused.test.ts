import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyDocument, makeProject, type Project } from '#test/support/make-project.ts';

const documents = Array.from({ length: 200 }, (_, number) => copyDocument(`d${number}`));

async function assertAnsweredAtOnce(project: Project): Promise<void> {
  const { code, stderr } = await project.run();
  assert.equal(code, 0, stderr);
  const answers = project.answers();
  assert.equal(answers.length, 200);
  assert.ok(answers.every(({ outcome }) => outcome === 'succeeded'));
  const { lost, duplicated, wrong, boughtTwice, unaccounted, examples } = await project.audit();
  assert.deepEqual([lost, duplicated, wrong, boughtTwice, unaccounted], [0, 0, 0, 0, 0], examples.join('\n'));
}

describe('flotilla run on an account that is refused for a while', { concurrency: 2 }, () => {
  for (const status of [401, 402, 403, 400]) {
    it(`waits out ${status} at the breaker: no document loses a try`, async test => {
      const project = makeProject(test, {
        simulator: { faults: { [`create-refuse-${status}`]: { calls: [1, 2, 3] } } },
      });
      project.writeDocuments(documents);
      await assertAnsweredAtOnce(project);
      assert.ok(
        project.answers().every(({ attempts }) => attempts === 1),
        'a create that was refused bought nothing',
      );
    });
  }

  it('brings back the items that "credit balance is too low" hit, more often than a document has tries', async test => {
    const faults = { 'batch-account': { probability: 0.9, timesMax: 8 } };
    const project = makeProject(test, { simulator: { faults } });
    project.writeDocuments(documents);
    await assertAnsweredAtOnce(project);
  });
});
