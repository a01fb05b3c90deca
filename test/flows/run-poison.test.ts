import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyDocument, makeProject } from '#test/support/make-project.ts';

const poison: readonly { kind: string; line: string | Buffer; cause: string }[] = [
  { kind: 'bad JSON', line: '{"custom_id":"bad","content":"cut', cause: 'invalid-json' },
  {
    kind: 'deep nesting',
    line: `{"custom_id":"deep","data":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    cause: 'too-deep',
  },
  {
    kind: '10 MB line',
    line: `{"custom_id":"huge","content":"${'x'.repeat(10_000_000)}"}`,
    cause: 'document-too-large',
  },
  { kind: 'wrong types', line: '{"custom_id":"types","content":{"not":"a text"}}', cause: 'invalid-field' },
  { kind: 'unknown task', line: '{"custom_id":"task","task":"copi","content":"x"}', cause: 'unknown-task' },
  { kind: 'empty', line: '', cause: 'empty-record' },
  {
    kind: 'invalid UTF-8',
    line: Buffer.concat([
      Buffer.from('{"custom_id":"bytes","content":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]),
    cause: 'invalid-utf8',
  },
  {
    kind: 'prototype keys',
    line: '{"custom_id":"proto","data":{"__proto__":{"admin":true}}}',
    cause: 'forbidden-key',
  },
];

describe('flotilla run over 1 % poison', () => {
  it('rejects exactly those lines, says what, where, why and how to fix it, and answers every other', async test => {
    const project = makeProject(test);
    const lines: (string | Buffer | object)[] = Array.from({ length: 792 }, (_, number) => copyDocument(`d${number}`));
    const causeOfLine = new Map<number, string>();
    for (const [index, { line, cause }] of poison.entries()) {
      lines.splice(index * 99, 0, line);
      causeOfLine.set(index * 99 + 1, cause);
    }
    project.writeDocuments(lines);
    const { code, stderr } = await project.run();
    assert.equal(code, 3, stderr);
    const letters = project.deadLetters();
    assert.deepEqual(
      new Map(letters.map(({ line, cause }) => [line, cause] as const).sort(([a], [b]) => a - b)),
      causeOfLine,
    );
    for (const letter of letters) {
      assert.equal(letter.class, 'input');
      assert.equal(letter.attempts, 0);
      for (const part of [letter.what, letter.why, letter.fix]) assert.ok(part.length > 0, JSON.stringify(letter));
    }
    const answers = project.answers();
    assert.equal(answers.length, 800);
    assert.equal(answers.filter(({ outcome }) => outcome === 'succeeded').length, 792);
    const { lost, duplicated, wrong, boughtTwice, unaccounted, examples } = await project.audit();
    assert.deepEqual([lost, duplicated, wrong, boughtTwice, unaccounted], [0, 0, 0, 0, 0], examples.join('\n'));
    assert.equal(project.invoice().length, 792, 'nothing that was rejected was bought');
  });

  it('repeats what came, in base64 when it is no text, and by its place when it is too long', async test => {
    const project = makeProject(test);
    project.writeDocuments(poison.map(({ line }) => line));
    const { code, stderr } = await project.run();
    assert.equal(code, 3, stderr);
    const letters = new Map(project.deadLetters().map(letter => [letter.cause, letter]));
    const bytes = letters.get('invalid-utf8');
    assert.equal(bytes?.original_encoding, 'base64');
    assert.deepEqual(Buffer.from(bytes?.original ?? '', 'base64'), poison[6]?.line);
    assert.match(letters.get('document-too-large')?.original_at ?? '', /documents\.jsonl#bytes=\d+-\d+$/);
    assert.equal(letters.get('invalid-json')?.original, poison[0]?.line);
    assert.match(letters.get('unknown-task')?.why ?? '', /copi/, 'the name is said');
    assert.equal(({} as { admin?: boolean }).admin, undefined);
  });
});
