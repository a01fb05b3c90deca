import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyDocument, makeProject } from '#test/support/make-project.ts';

const documents = Array.from({ length: 600 }, (_, number) => copyDocument(`d${number}`));

const kinds = [
  'results-cut-mid-line',
  'results-drop-lines',
  'results-short-read',
  'results-duplicate-line',
  'results-malformed-line',
  'results-unknown-id',
  'results-swap-ids',
  'results-reset',
  'results-503',
  'results-404',
  'results-content-type',
] as const;

describe('flotilla run over results that arrive broken', { concurrency: 2 }, () => {
  for (const kind of kinds) {
    it(`${kind}: no wrong answer, none lost, none bought twice`, async test => {
      const project = makeProject(test, { simulator: { faults: { [kind]: 0.6 } } });
      project.writeDocuments(documents);
      const { code, stderr } = await project.run();
      assert.equal(code, 0, stderr);
      const { answered, lost, duplicated, wrong, boughtTwice, unaccounted, examples } = await project.audit();
      assert.deepEqual([lost, duplicated, wrong, boughtTwice, unaccounted], [0, 0, 0, 0, 0], examples.join('\n'));
      assert.equal(answered, 600);
    });
  }

  it('lines that are lost for ever are charged as missing and asked for again, never silently dropped', async test => {
    const faults = { 'results-lose-lines': { calls: [1, 2] } };
    const project = makeProject(test, { simulator: { faults, timeScale: 2_000 } });
    project.writeDocuments(documents.slice(0, 250));
    const { code, stderr } = await project.run();
    assert.equal(code, 0, stderr);
    const { answered, lost, duplicated, wrong, boughtTwice, examples } = await project.audit();
    assert.deepEqual([lost, duplicated, wrong, boughtTwice], [0, 0, 0, 0], examples.join('\n'));
    assert.equal(answered, 250);
    assert.equal(
      project.invoice().length,
      252,
      'what was lost had been executed, and is bought anew as the next attempt',
    );
  });
});
