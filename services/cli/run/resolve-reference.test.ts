import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { resolveReference } from './resolve-reference.ts';

const folder = makeTemporaryFolder('resolve-reference');
after(() => folder.remove());

const resolved = (name: string, content: Uint8Array) => {
  writeFileSync(join(folder.path, name), content);
  const line = Buffer.from(JSON.stringify({ custom_id: 'a', task: 'label', ref: { uri: `file:${name}` } }));
  return resolveReference(line, join(folder.path, 'in.jsonl'));
};

describe('a reference', () => {
  it('brings its text in', async () => {
    const { value, headers } = await resolved('text.txt', Buffer.from('Grüße'));
    assert.deepEqual(JSON.parse(value.toString()), { custom_id: 'a', task: 'label', content: 'Grüße' });
    assert.deepEqual(headers, { [headerNames.resolved]: '1' });
  });

  it('to bytes that are no text is rejected, not sent as something else', async () => {
    const { value, headers } = await resolved('picture.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe]));
    assert.deepEqual(headers, { [headerNames.referenceError]: 'invalid-utf8' });
    assert.equal((JSON.parse(value.toString()) as { content?: string }).content, undefined);
  });
});
