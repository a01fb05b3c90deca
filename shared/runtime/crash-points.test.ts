import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { encodeJournal } from '#contracts/journal-codec.ts';
import type { Log } from '#ports/log.ts';
import { sealed } from '#test/support/journal-records.ts';
import { type CrashHook, describeLogCall, withCrashPoints } from './crash-points.ts';

function setup(hook?: CrashHook): { labels: string[]; log: Log; bare: Log } {
  const labels: string[] = [];
  const bare = createMemoryCluster().connect();
  const noting: CrashHook = label => void labels.push(label);
  const log = withCrashPoints(bare, { name: 'service.log', hook: hook ?? noting, describe: describeLogCall });
  return { labels, log, bare };
}

const record = { key: null, value: Buffer.from('{}'), headers: {} };
const ofJournal = {
  topic: 'journal',
  partition: 0,
  records: [{ ...record, value: encodeJournal(sealed('b')) }],
} as const;

describe('withCrashPoints', () => {
  it('passes a point before and after each call, named by service, port, operation and kind', async () => {
    const { labels, log } = setup();
    await log.append(ofJournal);
    await log.read({ topic: 'journal', partition: 0, from: 0, recordsMax: 1 });
    await log.endOffset('journal', 0);
    assert.deepEqual(labels, [
      'service.log.append(SEALED)·before',
      'service.log.append(SEALED)·after',
      'service.log.read(journal)·before',
      'service.log.read(journal)·after',
      'service.log.endOffset·before',
      'service.log.endOffset·after',
    ]);
  });

  it('passes points around each step of a fence too', async () => {
    const { labels, log } = setup();
    const fence = await log.fence(0);
    await fence.send([{ topic: 'settled', partition: 0, records: [record] }]);
    await fence.commit();
    await fence.abort();
    assert.deepEqual(
      labels.map(label => label.replace('service.log.fence', '')),
      [
        '·before',
        '·after',
        '.send·before',
        '.send·after',
        '.commit·before',
        '.commit·after',
        '.abort·before',
        '.abort·after',
      ],
    );
  });

  it('dying before: no effect; dying after: the effect without its answer', async () => {
    for (const [place, appended] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      const { log, bare } = setup(label => {
        if (label.endsWith(place)) throw new Error('died');
      });
      await assert.rejects(log.append(ofJournal), { message: 'died' });
      assert.equal(await bare.endOffset('journal', 0), appended);
    }
  });

  it('a kill is a promise that never resolves: nothing after it happens', async () => {
    const { log, bare } = setup(() => new Promise(() => {}));
    void log.append(ofJournal);
    await new Promise(resolve => setImmediate(resolve));
    assert.equal(await bare.endOffset('journal', 0), 0);
  });

  it('leaves what returns at once, and plain values, as they are', () => {
    const { labels, log } = setup();
    assert.equal(log.partitions('settled'), 4);
    const port = withCrashPoints({ baseUrl: 'x', call: async () => 1 }, { name: 'p', hook: () => {} });
    assert.equal(port.baseUrl, 'x');
    assert.deepEqual(labels, []);
  });

  it('without a hook the port is itself', () => {
    const bare = createMemoryCluster().connect();
    assert.equal(withCrashPoints(bare, { name: 'log', hook: null }), bare);
  });
});
