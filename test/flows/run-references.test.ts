import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeProject } from '#test/support/make-project.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';

const text = (code: string): string => `Copy the code ${code} into the field code.`;
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

describe('flotilla run over references', () => {
  it('sends what files below the folder of the input hold, and refuses every other place', async test => {
    const outside = makeTemporaryFolder('outside');
    test.after(outside.remove);
    writeFileSync(join(outside.path, 'secret.txt'), text('secret'));
    const project = makeProject(test);
    mkdirSync(project.path('texts/deep'), { recursive: true });
    writeFileSync(project.path('texts/deep/ä b.txt'), text('relative'));
    writeFileSync(project.path('full.txt'), text('absolute'));
    symlinkSync(join(outside.path, 'secret.txt'), project.path('link.txt'));
    symlinkSync(outside.path, project.path('folder'));
    const secret = join(outside.path, 'secret.txt');
    const uris: Record<string, string> = {
      relative: 'file:texts/deep/%C3%A4%20b.txt',
      absolute: pathToFileURL(project.path('full.txt')).href,
      'refused-up': `file:../${secret.slice(dirname(outside.path).length + 1)}`,
      'refused-absolute': pathToFileURL(secret).href,
      'refused-link': 'file:link.txt',
      'refused-folder-link': 'file:folder/secret.txt',
      'refused-http': 'http://127.0.0.1:1/secret.txt',
      'refused-encoded': 'file:texts/%2e%2e/%2e%2e/secret.txt',
      unreadable: 'file:nothing.txt',
    };
    const refs = Object.entries(uris).map(([custom_id, uri]) => ({ custom_id, ref: { uri } }));
    const named = { uri: 'file:full.txt', sha256: sha256(text('absolute')), bytes: text('absolute').length };
    const other = { uri: 'file:full.txt', sha256: sha256('something else') };
    project.writeDocuments([...refs, { custom_id: 'named', ref: named }, { custom_id: 'other', ref: other }]);
    const { code, stderr } = await project.run();
    assert.equal(code, 3, stderr);
    const results = new Map(
      project.answers().map(({ custom_id, output, cause }) => [custom_id, output?.code ?? cause] as const),
    );
    const refused = Object.keys(uris).filter(name => name.startsWith('refused'));
    assert.deepEqual(
      results,
      new Map<string | null, string | undefined>([
        ...project.answers().map(({ custom_id }) => [custom_id, undefined] as const),
        ['relative', 'relative'],
        ['absolute', 'absolute'],
        ['named', 'absolute'],
        ['other', 'reference-mismatch'],
        ['unreadable', 'reference-unreadable'],
        ...refused.map(name => [name, 'reference-refused'] as const),
      ]),
    );
    assert.equal(project.invoice().length, 3, 'nothing that was refused was read and sent');
  });
});
