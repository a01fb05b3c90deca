import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openBatchesMax, openLaneItemsMax } from '#core/limits.ts';
import type { RetryRow } from '#core/settled.ts';
import { retryRow } from '#test/support/journal-records.ts';
import { errored } from '#test/support/scripted-provider.ts';
import { asIsLine, drain, TestFleet, type TestWorker, taskLine } from '#test/support/test-fleet.ts';

/** Documents that are claimed, and these retries of them due. */
async function setup(
  rows: readonly RetryRow[],
  { itemsMax = 4, value }: { itemsMax?: number; value?: (index: number) => string } = {},
): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const fleet = new TestFleet({ lane: { itemsMax } });
  const worker = await fleet.worker();
  for (let index = 0; index < 4; index++) {
    await fleet.enqueue(1, { value: value?.(index) ?? asIsLine(`d-${index}`) });
  }
  await worker.accumulator.runOnce();
  fleet.flushQueue();
  for (const row of rows) {
    worker.follower.view.retries.set(`${row.p}-${row.o}-${row.att}`, row);
    await fleet.queue.add({ queue: 'retry', id: `${row.p}-${row.o}-${row.att}` });
  }
  return { fleet, worker };
}

const sealed = (fleet: TestFleet): unknown[] =>
  fleet
    .journal('SEALED')
    .slice(1)
    .map(({ items }) => items);
const inLane = (o: number, rest: Partial<RetryRow> = {}): RetryRow =>
  retryRow(0, o, 1, { cause: 'expired', charged: 0, uncharged: 1, ...rest });

describe('Accumulator: retries', () => {
  it('what lies in an item is sealed alone, charged as it was settled', async () => {
    const { fleet, worker } = await setup([retryRow(0, 1, 1), retryRow(0, 3, 2, { charged: 1 })]);
    await worker.accumulator.runOnce();
    assert.deepEqual(sealed(fleet), [[[0, 1, 1, 1]], [[0, 3, 2, 1]]]);
    assert.equal((await fleet.queue.depths()).retry, 0);
    assert.equal((await fleet.queue.depths()).submit, 2);
  });

  it('what hit a whole batch goes back to a lane, in one batch, no larger than its bound', async () => {
    const { fleet, worker } = await setup([inLane(0), inLane(1), inLane(2, { bound: 2 }), inLane(3, { bound: 2 })]);
    fleet.flushQueue();
    await worker.accumulator.runOnce();
    await fleet.clock.advance(30_000);
    await worker.accumulator.runOnce();
    const batches = fleet.journal('SEALED').slice(1);
    assert.deepEqual(batches.map(({ items }) => items.map(([, offset]) => offset)).sort(), [
      [0, 1],
      [2, 3],
    ]);
    assert.deepEqual(batches[0]?.items[0]?.[4], { uncharged: 1 });
  });

  it('one that is not due yet is left', async () => {
    const { fleet, worker } = await setup([]);
    const row = inLane(0, { notBefore: fleet.clock.now() + 10_000 });
    worker.follower.view.retries.set('0-0-1', row);
    await worker.accumulator.runOnce();
    assert.deepEqual(worker.accumulator.openLanes(), []);
    await fleet.clock.advance(10_000);
    await worker.accumulator.runOnce();
    assert.equal(worker.accumulator.openLanes()[0]?.items, 1);
  });

  it('a hint that came before its record waits; one for what is claimed is done (C20)', async () => {
    const { fleet, worker } = await setup([]);
    await fleet.queue.add({ queue: 'retry', id: '0-0-1' });
    await fleet.queue.add({ queue: 'retry', id: '0-1-0' });
    await fleet.queue.add({ queue: 'retry', id: 'no claim' });
    await worker.accumulator.runOnce();
    assert.equal((await fleet.queue.depths()).retry, 1);
    assert.deepEqual(sealed(fleet), []);
  });

  it('two accumulators take one retry: the first SEALED wins, nothing is sent twice (C20)', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const worker = await fleet.worker();
    await fleet.enqueue(1);
    await worker.accumulator.runOnce();
    await worker.submitter.runOnce({ waitMs: 0 });
    fleet.provider.end(fleet.provider.batch('pid-1'), ids => ids.map(id => errored(id)));
    await fleet.queue.add({ queue: 'collect', id: fleet.journal('SEALED')[0]?.bk ?? '' });
    await worker.collector.runOnce({ waitMs: 0 });
    const doubled = { ...fleet.queue, take: async () => [{ queue: 'retry' as const, id: '0-0-1' }] };
    const [one, two] = [await fleet.worker({ queue: doubled }), await fleet.worker({ queue: doubled })];
    await Promise.all([one.accumulator.runOnce(), two.accumulator.runOnce()]);
    assert.equal(fleet.journal('SEALED').length, 3);
    await fleet.settleDown(await fleet.worker(), { forMs: 30_000 });
    fleet.assertAnsweredOnce(1);
    assert.equal(fleet.provider.posts.length, 2);
  });

  for (const [what, row] of [
    ['alone', retryRow(0, 0, 1)],
    ['in a lane', inLane(0)],
  ] as const) {
    it(`a retry ${what} whose task left the configuration is a dead letter, and stops nobody`, async () => {
      const value = (index: number): string => (index === 0 ? taskLine('d-0') : asIsLine(`d-${index}`));
      const { fleet } = await setup([row], { itemsMax: 1, value });
      const other = await fleet.worker({ routing: fleet.routingOf({ tasks: [] }) });
      other.follower.view.retries.set('0-0-1', row);
      other.follower.view.retries.set('0-1-1', { ...row, o: 1 });
      await fleet.queue.add({ queue: 'retry', id: '0-1-1' });
      await drain(() => other.accumulator.runOnce());
      await fleet.clock.advance(30_000);
      await drain(() => other.accumulator.runOnce());
      await drain(() => other.collector.runOnce({ waitMs: 0 }));
      const types = fleet
        .journal('SEALED')
        .slice(4)
        .map(({ type }) => type);
      assert.deepEqual(types.sort(), ['batch', 'reject']);
      assert.deepEqual(
        fleet.deadLetters().map(({ custom_id: id, cause, attempts }) => [id, cause, attempts]),
        [['d-0', 'unknown-task', 1]],
      );
    });

    it(`a retry ${what} whose document is gone from the log is told once, and stops nobody`, async () => {
      const { fleet, worker } = await setup([
        { ...row, o: 99 },
        { ...row, o: 1 },
      ]);
      await fleet.enqueue(2, { prefix: 'new' });
      for (let seconds = 0; seconds < 40; seconds += 2) {
        await worker.accumulator.runOnce();
        await fleet.clock.advance(2_000);
      }
      const offsets = fleet
        .journal('SEALED')
        .slice(1)
        .flatMap(({ items }) => items.map(([, offset]) => offset));
      assert.deepEqual(offsets.sort(), [1, 4, 5]);
      assert.equal(worker.telemetry.notes.filter(({ event }) => event === 'document-gone').length, 1);
    });
  }

  it('a wish for more tokens than any model answers does not drown the books', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const worker = await fleet.worker();
    await fleet.enqueue(1);
    await fleet.enqueue(1, { value: asIsLine('greedy', { max_tokens: 1e300 }) });
    await fleet.settleDown(worker, { forMs: 10_000, areEnding: false });
    const [modest, greedy] = fleet.journal('INTENT');
    const money = 'account:main:money';
    assert.ok((greedy?.reserve[money] ?? 0) < 1e15);
    const used = worker.follower.view.used.get(`${money}|total`) ?? 0;
    assert.equal(used - (greedy?.reserve[money] ?? 0), modest?.reserve[money]);
  });
});

describe('Accumulator: back-pressure', () => {
  it('reads no further while its lanes are full, and goes on when they are sealed', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 20_000 } });
    const worker = await fleet.worker();
    await fleet.enqueue(openLaneItemsMax + 1_200);
    await drain(() => worker.accumulator.runOnce().then(async hasMore => hasMore && isBelow(worker)));
    const held = worker.accumulator.openLanes()[0]?.items ?? 0;
    assert.ok(held >= openLaneItemsMax && held < openLaneItemsMax + 500, `${held}`);
    await worker.accumulator.runOnce();
    assert.equal(worker.accumulator.openLanes()[0]?.items, held);
    await fleet.clock.advance(30_000);
    await worker.accumulator.runOnce();
    await drain(() => worker.accumulator.runOnce());
    assert.equal(worker.accumulator.openLanes()[0]?.items, openLaneItemsMax + 1_200 - held);
  });

  it('reads no further while too many batches are open', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const worker = await fleet.worker();
    await fleet.enqueue(openBatchesMax + 600);
    await drain(async () => (await worker.accumulator.runOnce()) && worker.follower.view.batches.size < openBatchesMax);
    const open = worker.follower.view.batches.size;
    assert.ok(open >= openBatchesMax && open < openBatchesMax + 500, `${open}`);
    await worker.accumulator.runOnce();
    assert.equal(worker.follower.view.batches.size, open);
  });
});

const isBelow = (worker: TestWorker): boolean =>
  worker.accumulator.openLanes().reduce((sum, lane) => sum + lane.items, 0) < openLaneItemsMax;
