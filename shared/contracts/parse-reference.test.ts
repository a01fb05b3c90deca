import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReference } from './parse-reference.ts';

const parse = (value: unknown) => parseReference(Buffer.from(JSON.stringify(value)));

describe('parseReference', () => {
  it('reads a reference with everything', () => {
    const ref = { uri: 'file:a.txt', sha256: 'AB'.repeat(32), bytes: 7, media_type: 'text/plain' };
    assert.deepEqual(parse({ custom_id: 'a', task: 'classify', ref, metadata: { k: 1 } }), {
      customId: 'a',
      task: 'classify',
      uri: 'file:a.txt',
      sha256: 'ab'.repeat(32),
      bytes: 7,
      mediaType: 'text/plain',
      metadata: { k: 1 },
    });
  });

  it('reads one with a URI alone', () => {
    const reference = parse({ custom_id: 'a', ref: { uri: 'file:a.txt' } });
    assert.deepEqual(
      [reference?.task, reference?.sha256, reference?.bytes, reference?.metadata],
      [null, null, null, undefined],
    );
  });

  it('leaves everything else to parseDocument', () => {
    for (const value of [
      { custom_id: 'a', content: '"ref"' },
      { ref: { uri: 'x' } },
      { custom_id: 'a', ref: { url: 'x' } },
      ['ref'],
    ]) {
      assert.equal(parse(value), null);
    }
    assert.equal(parseReference(Buffer.from('{"ref"')), null);
    assert.equal(parseReference(new Uint8Array()), null);
  });
});
