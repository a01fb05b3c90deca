import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyDocument, makeProject, textOf } from '#test/support/make-project.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const documents = Array.from({ length: 400 }, (_, number) => copyDocument(`d${number}`));
/** Batches that end within 4 s, so that some are at the provider when the run is stopped. */
const slow = { timeScale: 100, latencyMinMs: 0, latencyMaxMs: 400_000 };

describe('flotilla run, interrupted', { concurrency: 2 }, () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends with ${code} on ${signal}, and the same command goes on`, async test => {
      const project = makeProject(test, { simulator: slow });
      project.writeDocuments(documents);
      const first = project.start(['run', 'documents.jsonl', '--task', 'copy']);
      await waitUntil('the first answers', () => textOf(project.path('answers.jsonl')) !== '');
      first.signal(signal);
      assert.equal((await first.ended).code, code);
      assert.ok(project.answers().length < 400, 'complete lines, and not all of them');
      const { code: second, stderr } = await project.run();
      assert.equal(second, 0, stderr);
      const { lost, duplicated, wrong, boughtTwice, unaccounted, examples } = await project.audit();
      assert.deepEqual([lost, duplicated, wrong, boughtTwice, unaccounted], [0, 0, 0, 0, 0], examples.join('\n'));
    });
  }

  it('ends with 4 when --wait-timeout is over, and the same command goes on', async test => {
    const project = makeProject(test, { simulator: slow });
    project.writeDocuments(documents);
    assert.equal((await project.run('--wait-timeout', '1500ms')).code, 4);
    assert.equal((await project.run()).code, 0);
    assert.equal(project.answers().length, 400);
  });
});
