import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { errored } from '#test/support/scripted-provider.ts';
import { drain, ofRun, stateOf, TestFleet, type TestWorker } from '#test/support/test-fleet.ts';
import { SettleShard, shardOf } from './settle-shard.ts';

async function setup({ documents = 2 } = {}): Promise<{ fleet: TestFleet; worker: TestWorker; bk: string }> {
  const fleet = new TestFleet({ lane: { itemsMax: documents } });
  const worker = await fleet.worker();
  await fleet.enqueue(documents);
  await worker.accumulator.runOnce();
  await worker.submitter.runOnce({ waitMs: 0 });
  fleet.provider.endAll();
  return { fleet, worker, bk: fleet.journal('SEALED')[0]?.bk ?? '' };
}

async function collect(fleet: TestFleet, worker: TestWorker, bk: string): Promise<void> {
  await fleet.queue.add({ queue: 'collect', id: bk });
  await worker.collector.runOnce({ waitMs: 0 });
}

describe('Collector: one settle', () => {
  it('two collectors of two processes at once', async () => {
    const { fleet, worker, bk } = await setup();
    const other = await fleet.worker();
    const twice = { ...fleet.queue, take: async () => [{ queue: 'collect' as const, id: bk }] };
    const [one, two] = [await fleet.worker({ queue: twice }), await fleet.worker({ queue: twice })];
    await Promise.allSettled([one, two, one, two].map(each => each.collector.runOnce({ waitMs: 0 })));
    await collect(fleet, other, bk);
    fleet.assertAnsweredOnce(2);
    await worker.follower.catchUpAll();
    assert.equal(stateOf(worker, bk), null);
  });

  it('fenced by another process in the middle: reads what became of it, and answers nothing twice', async () => {
    const { fleet, bk } = await setup();
    const other = await fleet.worker();
    let isFenced = false;
    const slow = await fleet.worker({
      hook: async label => {
        if (!label.endsWith('.fence.commit·before') || isFenced) return;
        isFenced = true;
        await fleet.queue.done('collect', bk);
        await collect(fleet, other, bk);
      },
    });
    await assert.rejects(collect(fleet, slow, bk), { code: 'fenced' });
    fleet.assertAnsweredOnce(2);
    await collect(fleet, slow, bk);
    fleet.assertAnsweredOnce(2);
  });

  it('commit that happened although it failed: a new fence finds it (C18)', async () => {
    const { fleet, bk } = await setup();
    let isBroken = true;
    const worker = await fleet.worker({
      hook: label => {
        if (!label.endsWith('.fence.commit·after') || !isBroken) return;
        isBroken = false;
        throw new Error('ack lost');
      },
    });
    await assert.rejects(collect(fleet, worker, bk));
    await fleet.clock.advance(1_000);
    await drain(() => worker.collector.runOnce({ waitMs: 0 }));
    fleet.assertAnsweredOnce(2);
    assert.equal(fleet.journal('RELEASED').length, 1);
  });

  for (const step of ['send·before', 'send·after', 'commit·before']) {
    it(`transaction that breaks off at ${step} leaves nothing, and the next one all (C17)`, async () => {
      const { fleet, bk } = await setup();
      let isBroken = true;
      const worker = await fleet.worker({
        hook: label => {
          if (!label.endsWith(`.fence.${step}`) || !isBroken) return;
          isBroken = false;
          throw new Error('broken off');
        },
      });
      await assert.rejects(collect(fleet, worker, bk));
      assert.equal(fleet.results().length, 0);
      await fleet.clock.advance(1_000);
      await drain(() => worker.collector.runOnce({ waitMs: 0 }));
      fleet.assertAnsweredOnce(2);
    });
  }

  it('died between commit and RELEASED: the sweep of another releases, once (C19)', async () => {
    const { fleet, bk } = await setup();
    const dying = await fleet.worker({
      hook: label => {
        if (label === 'view.log.append(RELEASED)·before') throw new Error('died');
      },
    });
    await assert.rejects(collect(fleet, dying, bk));
    fleet.assertAnsweredOnce(2);
    fleet.flushQueue();
    const other = await fleet.worker();
    assert.ok(other.follower.view.used.size > 0);
    await other.sweeper.runOnce();
    await other.sweeper.runOnce();
    await other.follower.catchUp();
    assert.equal(stateOf(other, bk), null);
    assert.equal(other.follower.view.used.get('account:main:items|total'), undefined);
  });

  it('died after the commit with a retry due: the sweep hints at it (C19)', async () => {
    const { fleet, bk } = await setup();
    const [batch] = fleet.provider.batches;
    if (batch) batch.lines[0] = errored(batch.customIds[0] as string);
    const dying = await fleet.worker({
      hook: label => {
        if (label === 'poller.queue.add·before') throw new Error('died');
      },
    });
    await fleet.queue.add({ queue: 'collect', id: bk });
    await assert.rejects(dying.collector.runOnce({ waitMs: 0 }));
    fleet.flushQueue();
    await fleet.settleDown(await fleet.worker(), { forMs: 60_000 });
    fleet.assertAnsweredOnce(2);
  });

  it('keeps its fence from batch to batch', async () => {
    const fences: string[] = [];
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const worker = await fleet.worker({
      hook: label => {
        if (label === 'poller.log.fence·after') fences.push(label);
      },
    });
    await fleet.enqueue(12);
    await fleet.settleDown(worker, { forMs: 10_000 });
    fleet.assertAnsweredOnce(12);
    assert.ok(fences.length <= 2, `${fences.length} fences for two shards`);
  });
});

describe('Collector: batches that were not sent', () => {
  it('closed: settled without asking the provider, payload gone', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 2 } });
    const worker = await fleet.worker();
    await fleet.enqueue(2, { headers: ofRun('r') });
    await worker.accumulator.runOnce();
    await fleet.append({ kind: 'CANCEL', run: 'r' });
    await worker.submitter.runOnce({ waitMs: 0 });
    await drain(() => worker.collector.runOnce({ waitMs: 0 }));
    assert.deepEqual(
      fleet.deadLetters().map(({ cause, attempts }) => [cause, attempts]),
      [
        ['canceled', 0],
        ['canceled', 0],
      ],
    );
    assert.equal(fleet.provider.reads + fleet.provider.posts.length, 0);
    assert.equal(await fleet.payloads.get(fleet.journal('SEALED')[0]?.bk ?? ''), null);
  });

  const poison: [string, Uint8Array, string, string | undefined][] = [
    ['text', Buffer.from('{"custom_id":"ü", '), '{"custom_id":"ü", ', undefined],
    ['no text', Uint8Array.from([0xff, 0x00, 0xfe]), '/wD+', 'base64'],
    ['text with a byte order mark', Buffer.from('\ufeff{}x'), '\ufeff{}x', undefined],
    ['empty', new Uint8Array(), '', undefined],
  ];
  for (const [what, value, original, encoding] of poison) {
    it(`rejects become dead letters with their original bytes: ${what} (K6)`, async () => {
      const fleet = new TestFleet();
      const worker = await fleet.worker();
      await fleet.enqueue(1, { value });
      await fleet.settleDown(worker, { forMs: 5_000, stepMs: 1_000 });
      assert.deepEqual(
        fleet.deadLetters().map(letter => [letter.original, letter.original_encoding]),
        [[original, encoding]],
      );
      assert.equal(fleet.results().length, 1);
      assert.equal(fleet.provider.posts.length, 0);
    });
  }

  it('a poisoned record costs nobody else (K6)', async () => {
    const fleet = new TestFleet();
    const worker = await fleet.worker();
    for (let index = 0; index < 5; index++) {
      await fleet.enqueue(1, { value: '[' });
      await fleet.enqueue(1, { prefix: `good-${index}` });
    }
    await fleet.settleDown(worker, { forMs: 60_000 });
    fleet.assertAnsweredOnce(10);
    assert.equal(fleet.deadLetters().length, 5);
  });

  it('answers carry rid, attempt, batch, outcome and run in their headers', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const worker = await fleet.worker();
    await fleet.enqueue(1, { headers: ofRun('r') });
    await fleet.settleDown(worker, { forMs: 5_000 });
    const [record] = fleet.cluster.committed('results', 0);
    const bk = fleet.journal('SEALED')[0]?.bk;
    assert.deepEqual(record?.headers, {
      [headerNames.rid]: '0/0',
      [headerNames.att]: '0',
      [headerNames.bk]: bk,
      [headerNames.outcome]: 'succeeded',
      [headerNames.run]: 'r',
    });
    assert.equal(record?.key, 'document-0');
  });
});

describe('SettleShard', () => {
  const append = (bk: string) => [
    { topic: 'settled' as const, partition: 0, records: [{ key: bk, value: Buffer.from('{}'), headers: {} }] },
  ];

  it('settles one at a time, and each key once under its fence, before the view has read it', async () => {
    const fleet = new TestFleet();
    const { log, follower } = await fleet.worker();
    const shard = new SettleShard({ shard: 0, log, follower });
    let underWay = 0;
    let atOnce = 0;
    const settle = (bk: string): Promise<string> =>
      shard.settle({
        bk,
        build: async () => {
          underWay += 1;
          atOnce = Math.max(atOnce, underWay);
          await Promise.resolve();
          underWay -= 1;
          return append(bk);
        },
        isSettled: () => false,
      });
    assert.deepEqual(await Promise.all(['a', 'b', 'a'].map(settle)), ['settled', 'settled', 'already']);
    assert.equal(atOnce, 1);
  });

  it('a build that fails stops nobody beside it', async () => {
    const fleet = new TestFleet();
    const { log, follower } = await fleet.worker();
    const shard = new SettleShard({ shard: 0, log, follower });
    const isSettled = () => false;
    const good = ['a', 'b'].map(bk => shard.settle({ bk, build: async () => append(bk), isSettled }));
    const failing = shard.settle({ bk: 'c', build: () => Promise.reject(new Error('no document')), isSettled });
    const next = shard.settle({ bk: 'd', build: async () => append('d'), isSettled });
    await assert.rejects(failing);
    assert.deepEqual(await Promise.all([...good, next]), ['settled', 'settled', 'settled']);
    assert.equal(fleet.cluster.committed('settled', 0).length, 3);
  });

  it('puts a batch key into the same shard for ever', () => {
    assert.deepEqual(
      ['aaaaaaaaaaab', 'zzzzzzzzzzzz', '234567234567'].map(bk => shardOf(bk, 32)),
      [8, 5, 29],
    );
    const shards = new Set(Array.from({ length: 1_000 }, (_, index) => shardOf(`batch-${index}`, 32)));
    assert.equal(shards.size, 32);
  });
});
