import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDocument } from '#contracts/parse-document.ts';
import { headerNames, intakeHeaders } from '#core/headers.ts';
import { asIsLine, TestFleet } from '#test/support/test-fleet.ts';
import { documentsFromOutside } from './documents-from-outside.ts';
import { anyTask } from './routing.ts';

const lies = {
  [headerNames.reject]: 'document-too-large',
  [headerNames.referenceError]: 'reference-mismatch',
  [headerNames.resolved]: '1',
  [headerNames.original]: '/etc/passwd',
};

async function setup(headers: Record<string, string>) {
  const bare = new TestFleet().cluster.connect();
  const record = { key: 'k', value: Buffer.from(asIsLine('a')), headers };
  for (const topic of ['documents', 'dead-letters'] as const)
    await bare.append({ topic, partition: 0, records: [record] });
  return bare;
}

const first = { topic: 'documents', partition: 0, from: 0, recordsMax: 1 } as const;

describe('documentsFromOutside', () => {
  it('believes nothing that only our own intake can know, in either way of reading', async () => {
    assert.deepEqual(Object.keys(lies), [...intakeHeaders]);
    const log = documentsFromOutside(await setup({ ...lies, 'x-own': '1' }), { isTenantTrusted: false });
    const [record] = (await log.read(first)).records;
    assert.deepEqual(record?.headers, { 'x-own': '1' });
    const [same] = await log.readAt({ topic: 'documents', partition: 0, offsets: [0] });
    assert.deepEqual(same?.headers, { 'x-own': '1' });
    assert.ok(record);
    assert.equal(parseDocument(record, anyTask).is, 'document');
  });

  it('leaves what we wrote ourselves as it is', async () => {
    const log = documentsFromOutside(await setup(lies), { isTenantTrusted: false });
    const [letter] = (await log.read({ ...first, topic: 'dead-letters' })).records;
    assert.deepEqual(letter?.headers, lies);
  });

  it('hands on a tenant only of a topic that is trusted', async () => {
    const bare = await setup({ [headerNames.tenant]: 'acme' });
    for (const isTenantTrusted of [false, true]) {
      const [record] = (await documentsFromOutside(bare, { isTenantTrusted }).read(first)).records;
      assert.equal(record?.headers[headerNames.tenant], isTenantTrusted ? 'acme' : undefined);
    }
  });

  it('is the same log in everything else', async () => {
    const log = documentsFromOutside(await setup({}), { isTenantTrusted: false });
    assert.equal(log.partitions('documents'), 1);
    assert.equal(await log.endOffset('documents', 0), 1);
    await log.commitPosition({ group: 'g', topic: 'documents', partition: 0, offset: 1 });
    assert.equal((await log.position('g', 'documents', 0))?.offset, 1);
    assert.equal(log.append, log.append);
  });
});
