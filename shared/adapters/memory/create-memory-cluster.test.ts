import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from './create-manual-clock.ts';
import { createMemoryCluster } from './create-memory-cluster.ts';

const results = { topic: 'results', partition: 0 } as const;
const record = (key: string) => ({ key, value: new Uint8Array(1), headers: {} });

describe('createMemoryCluster', () => {
  it('aborts a transaction that stays open too long, and fences its holder', async () => {
    const clock = createManualClock();
    const schedule = (ms: number, callback: () => void): void => void clock.sleep(ms).then(callback);
    const cluster = createMemoryCluster({ now: clock.now, sleep: clock.sleep, transactionTimeoutMs: 15_000, schedule });
    const log = cluster.connect();
    const fence = await log.fence(0);
    await fence.send([{ ...results, records: [record('open')] }]);
    await log.append({ ...results, records: [record('behind')] });
    assert.deepEqual(cluster.committed('results', 0), []);
    await clock.advance(15_000);
    assert.deepEqual(
      cluster.committed('results', 0).map(({ key }) => key),
      ['behind'],
    );
    await assert.rejects(fence.commit(), { code: 'fenced' });
  });

  it('does not abort the transaction after the one that was committed in time', async () => {
    const clock = createManualClock();
    const schedule = (ms: number, callback: () => void): void => void clock.sleep(ms).then(callback);
    const cluster = createMemoryCluster({ now: clock.now, transactionTimeoutMs: 100, schedule });
    const fence = await cluster.connect().fence(0);
    await fence.send([{ ...results, records: [record('a')] }]);
    await clock.advance(60);
    await fence.commit();
    await fence.send([{ ...results, records: [record('b')] }]);
    await clock.advance(60);
    await fence.commit();
    assert.equal(cluster.committed('results', 0).length, 2);
  });

  it('acts at once: what a call does is done when it returns its promise', async () => {
    const cluster = createMemoryCluster();
    const log = cluster.connect();
    const appending = log.append({ ...results, records: [record('a')] });
    assert.equal(cluster.committed('results', 0).length, 1);
    await appending;
  });

  it('lets a marker take an offset', async () => {
    const log = createMemoryCluster().connect();
    const fence = await log.fence(0);
    await fence.send([{ ...results, records: [record('a')] }]);
    await fence.commit();
    assert.equal(await log.endOffset('results', 0), 2);
    const { records, nextOffset } = await log.read({ ...results, from: 0, recordsMax: 10 });
    assert.deepEqual([records.length, nextOffset], [1, 2]);
  });

  it('stops readers at the first open transaction of several', async () => {
    const cluster = createMemoryCluster();
    const log = cluster.connect();
    const [first, second] = [await log.fence(0), await log.fence(1)];
    const keys = () => cluster.committed('results', 0).map(({ key }) => key);
    await first.send([{ ...results, records: [record('1')] }]);
    await second.send([{ ...results, records: [record('2')] }]);
    await first.send([{ ...results, records: [record('3')] }]);
    await second.commit();
    assert.deepEqual(keys(), []);
    await first.abort();
    assert.deepEqual(keys(), ['2']);
  });

  it('assigns partitions: each call begins a generation for the whole group', async () => {
    const cluster = createMemoryCluster({ partitions: { documents: 3 } });
    const [a, b] = [cluster.connect(), cluster.connect()];
    assert.equal((await a.assigned('g', 'documents')).length, 3);
    cluster.assign('g', 'documents', a, [0, 1, 2]);
    const before = await a.assigned('g', 'documents');
    cluster.assign('g', 'documents', b, [2]);
    cluster.assign('g', 'documents', a, [0, 1]);
    const after = await a.assigned('g', 'documents');
    assert.deepEqual(
      after.map(({ partition }) => partition),
      [0, 1],
    );
    assert.ok(after[0]!.generation > before[0]!.generation);
    assert.equal((await b.assigned('g', 'documents'))[0]!.generation, after[0]!.generation);
    assert.equal((await b.assigned('another', 'documents')).length, 3);
  });

  it('leaves no sleeper behind when a wait is over', async () => {
    const clock = createManualClock();
    const log = createMemoryCluster({ now: clock.now, sleep: clock.sleep }).connect();
    const waiting = log.waitForMore([{ ...results, from: 0 }], 60_000);
    assert.equal(clock.sleepers(), 1);
    await log.append({ ...results, records: [record('a')] });
    await waiting;
    assert.equal(clock.sleepers(), 0);
  });
});
