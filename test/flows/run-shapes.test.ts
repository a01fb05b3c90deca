import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyDocument, makeProject } from '#test/support/make-project.ts';

describe('flotilla run over a file of several shapes', () => {
  it('answers Anthropic requests, native documents and references side by side, and rejects OpenAI lines', async test => {
    const project = makeProject(test);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(project.path('note.txt'), 'Copy the code in-a-file into the field code.');
    const params = { model: 'claude-haiku-5-5', max_tokens: 50, messages: [{ role: 'user', content: 'Say hello.' }] };
    const body = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Say hello.' }] };
    project.writeDocuments([
      { custom_id: 'anthropic', params },
      { ...copyDocument('native'), metadata: { row: 7, name: 'Zoë' } },
      { custom_id: 'messages', messages: [{ role: 'user', content: 'Copy the code talk into the field code.' }] },
      { custom_id: 'data', task: 'copy', data: { text: 'Copy the code fields into the field code.' } },
      { custom_id: 'reference', ref: { uri: 'file:note.txt' } },
      { custom_id: 'openai', method: 'POST', url: '/v1/chat/completions', body },
    ]);
    const { code, stderr } = await project.run();
    assert.equal(code, 3, stderr);
    const byId = new Map(project.answers().map(answer => [answer.custom_id, answer]));
    assert.equal(byId.size, 6);
    for (const id of ['anthropic', 'native', 'messages', 'data', 'reference']) {
      assert.equal(byId.get(id)?.outcome, 'succeeded', id);
    }
    assert.equal(byId.get('native')?.output?.code, 'native');
    assert.deepEqual(byId.get('native')?.metadata, { row: 7, name: 'Zoë' });
    assert.equal(byId.get('reference')?.output?.code, 'in-a-file');
    assert.equal(byId.get('openai')?.cause, 'provider-not-configured');
  });

  it('takes a custom_id that comes twice as two documents with two answers', async test => {
    const project = makeProject(test);
    project.writeDocuments([copyDocument('first'), { ...copyDocument('second'), custom_id: 'first' }]);
    const { code, stderr } = await project.run();
    assert.equal(code, 0, stderr);
    const answers = project.answers();
    assert.deepEqual(
      answers.map(({ custom_id, rid, output }) => [custom_id, rid, output?.code]),
      [
        ['first', '0/0', 'first'],
        ['first', '0/1', 'second'],
      ],
    );
    assert.equal(project.invoice().length, 2);
  });

  it('ends at once over an empty file, with nothing in its files', async test => {
    const project = makeProject(test);
    project.writeDocuments([]);
    const { code, stderr } = await project.run();
    assert.equal(code, 0, stderr);
    assert.deepEqual(project.answers(), []);
  });
});
