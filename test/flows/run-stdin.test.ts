import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyDocument, makeProject } from '#test/support/make-project.ts';

describe('flotilla run -', () => {
  it('answers what is piped in, and the same input piped again is the same run', async test => {
    const project = makeProject(test);
    const lines = Array.from({ length: 50 }, (_, number) => JSON.stringify(copyDocument(`d${number}`)));
    const input = Buffer.from(lines.join('\n')); // the last line has no line break
    const first = await project.flotilla(['run', '-', '--task', 'copy', '--json'], { input });
    assert.equal(first.code, 0, first.stderr);
    const again = await project.flotilla(['run', '-', '--task', 'copy', '--out', 'again.jsonl'], { input });
    assert.equal(again.code, 0, again.stderr);
    const answers = project.answers();
    assert.equal(answers.length, 50);
    assert.ok(answers.every(({ output, custom_id }) => output?.code === custom_id));
    assert.deepEqual(project.answers('again.jsonl'), answers);
    assert.equal(project.invoice().length, 50);
    assert.equal(JSON.parse(first.stdout).documents, 50, 'data on stdout: one object and nothing else');
  });
});
