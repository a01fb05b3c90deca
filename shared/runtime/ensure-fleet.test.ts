import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster, type MemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import { type JournalRecord, journalVersion } from '#core/journal.ts';
import { sealed } from '#test/support/journal-records.ts';
import { ensureFleet } from './ensure-fleet.ts';
import { ViewFollower } from './view-follower.ts';

const document = { key: null, value: Buffer.from('{}'), headers: {} };

async function setup({ documents = 0, partitions = 1, settled = 4 } = {}): Promise<{
  cluster: MemoryCluster;
  append(record: JournalRecord): Promise<void>;
  ensure(name?: string): Promise<string>;
}> {
  const cluster = createMemoryCluster({ partitions: { documents: partitions, settled } });
  const log = cluster.connect();
  const records = Array.from({ length: documents }, () => document);
  if (documents > 0) await log.append({ topic: 'documents', partition: 0, records });
  const append = async (record: JournalRecord): Promise<void> => {
    const records = [{ key: null, value: encodeJournal(record), headers: {} }];
    await log.append({ topic: 'journal', partition: 0, records });
  };
  const ensure = (name = 'fleeta'): Promise<string> => {
    const ids = { batchKey: () => 'b', nonce: () => 'n', fleetId: () => name };
    return ensureFleet({ log: cluster.connect(), follower: new ViewFollower(cluster.connect()), ids });
  };
  return { cluster, append, ensure };
}

describe('ensureFleet', () => {
  it('gives the log an id once; whoever comes later takes it', async () => {
    const { cluster, ensure } = await setup();
    assert.equal(await ensure('fleeta'), 'fleeta');
    assert.equal(await ensure('others'), 'fleeta');
    assert.equal(cluster.committed('journal', 0).length, 1);
  });

  it('of several that begin at once the first one wins, for all', async () => {
    const { ensure } = await setup();
    const names = await Promise.all(['aaaaaa', 'bbbbbb', 'cccccc'].map(name => ensure(name)));
    assert.equal(new Set(names).size, 1);
  });

  it('refuses a documents log that ends below what is claimed in it: it was re-created', async () => {
    const { append, ensure } = await setup({ documents: 3 });
    await append(sealed('b', { items: [[0, 3, 0, 0]] }));
    await assert.rejects(ensure(), { code: 'log-recreated' });
  });

  it('accepts one that ends right behind what is claimed', async () => {
    const { append, ensure } = await setup({ documents: 4 });
    await append(sealed('b', { items: [[0, 3, 0, 0]] }));
    assert.equal(await ensure(), 'fleeta');
  });

  it('refuses another number of settled partitions: a batch would be settled in two', async () => {
    const { append, ensure } = await setup({ settled: 4 });
    await append({ kind: 'FLEET', fleet: 'fleeta', partitions: 1, settledPartitions: 32 });
    await assert.rejects(ensure(), { code: 'invalid-config', where: 'settled' });
  });

  it('accepts more documents partitions than there were', async () => {
    const { append, ensure } = await setup({ partitions: 3 });
    await append({ kind: 'FLEET', fleet: 'fleeta', partitions: 1, settledPartitions: 4 });
    assert.equal(await ensure(), 'fleeta');
  });

  it('refuses a log that a newer version wrote, and leaves it as it is', async () => {
    const { cluster, ensure } = await setup();
    const value = Buffer.from(JSON.stringify({ v: journalVersion + 1, kind: 'FLEET' }));
    await cluster.connect().append({ topic: 'journal', partition: 0, records: [{ key: null, value, headers: {} }] });
    await assert.rejects(ensure(), { code: 'log-newer' });
    assert.equal(cluster.committed('journal', 0).length, 1);
  });
});
