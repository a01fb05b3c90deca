import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errored } from '#test/support/scripted-provider.ts';
import { drain, ofRun, TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

async function setup(): Promise<{ fleet: TestFleet; worker: TestWorker; bk: () => string }> {
  const fleet = new TestFleet({ lane: { itemsMax: 2 } });
  const worker = await fleet.worker();
  await fleet.enqueue(2, { headers: ofRun('r') });
  return { fleet, worker, bk: () => fleet.journal('SEALED')[0]?.bk ?? '' };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

/** What is hinted at after every hint was lost and one sweep was made. */
async function sweptHints(fleet: TestFleet, worker: TestWorker): Promise<Record<string, number>> {
  fleet.flushQueue();
  await worker.sweeper.runOnce();
  const depths = await fleet.queue.depths();
  return Object.fromEntries(Object.entries(depths).filter(([, depth]) => depth > 0));
}

describe('Sweeper', () => {
  it('sealed: submit', async () => {
    const { fleet, worker } = await setup();
    await worker.accumulator.runOnce();
    assert.deepEqual(await sweptHints(fleet, worker), { submit: 1 });
  });

  it('aborted: submit', async () => {
    const { fleet, worker } = await setup();
    await worker.accumulator.runOnce();
    fleet.provider.creates.push(fleet.provider.refuses('overloaded'));
    await submit(worker);
    assert.deepEqual(await sweptHints(fleet, worker), { submit: 1 });
  });

  it('closed: collect', async () => {
    const { fleet, worker } = await setup();
    await worker.accumulator.runOnce();
    await fleet.append({ kind: 'CANCEL', run: 'r' });
    await submit(worker);
    assert.deepEqual(await sweptHints(fleet, worker), { collect: 1 });
  });

  it('unsent (rejects): collect', async () => {
    const fleet = new TestFleet();
    const worker = await fleet.worker();
    await fleet.enqueue(1, { value: 'no json' });
    await worker.accumulator.runOnce();
    await fleet.clock.advance(1_000);
    await worker.accumulator.runOnce();
    assert.deepEqual(await sweptHints(fleet, worker), { collect: 1 });
  });

  it('intent and created: nothing, because every look decides; and the look hints at what has ended', async () => {
    const { fleet, worker } = await setup();
    await worker.accumulator.runOnce();
    await submit(worker);
    assert.deepEqual(await sweptHints(fleet, worker), {});
    fleet.provider.endAll();
    await worker.watcher.runOnce();
    assert.equal((await fleet.queue.depths()).collect, 1);
  });

  it('retry due later: a hint that waits for its time', async () => {
    const { fleet, worker, bk } = await setup();
    await worker.accumulator.runOnce();
    await submit(worker);
    fleet.provider.end(fleet.provider.batch('pid-1'), ids => ids.map(id => errored(id)));
    await fleet.queue.add({ queue: 'collect', id: bk() });
    await worker.collector.runOnce({ waitMs: 0 });
    assert.deepEqual(await sweptHints(fleet, worker), { retry: 2 });
    const take = () => fleet.queue.take('retry', { limit: 10, lockMs: 1, waitMs: 0 });
    assert.equal((await take()).length, 0);
    await fleet.clock.advance(12_000);
    assert.equal((await take()).length, 2);
  });

  it('settled and not released: RELEASED at every sweep until it has landed', async () => {
    const { fleet, bk } = await setup();
    let failures = 0;
    const worker = await fleet.worker({
      hook: label => {
        if (label !== 'view.log.append(RELEASED)·before' || failures >= 2) return;
        failures += 1;
        throw new Error('lost');
      },
    });
    await worker.accumulator.runOnce();
    await submit(worker);
    fleet.provider.endAll();
    await fleet.queue.add({ queue: 'collect', id: bk() });
    await assert.rejects(worker.collector.runOnce({ waitMs: 0 }));
    await assert.rejects(worker.sweeper.runOnce());
    await worker.sweeper.runOnce();
    await worker.sweeper.runOnce();
    assert.equal(fleet.journal('RELEASED').length, 1);
    assert.equal(worker.follower.view.batches.size, 0);
  });

  it('all hints lost at every step: every document is answered once all the same (C22)', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 2 } });
    const worker = await fleet.worker();
    await fleet.enqueue(5);
    fleet.provider.creates.push(accept => {
      const pid = accept();
      fleet.provider.end(fleet.provider.batch(pid), ids => ids.map(id => errored(id)));
      return { status: 'created', pid, facts: fleet.provider.facts };
    });
    const services = [
      () => worker.accumulator.runOnce(),
      () => worker.sweeper.runOnce(),
      () => drain(() => submit(worker)),
      () => worker.watcher.runOnce(),
      () => drain(() => worker.collector.runOnce({ waitMs: 0 })),
    ];
    for (let step = 0; step < 60; step++) {
      fleet.flushQueue();
      await worker.sweeper.runOnce();
      await worker.watcher.runOnce();
      await services[step % services.length]?.();
      fleet.provider.endAll();
      await fleet.clock.advance(5_000);
    }
    fleet.assertAnsweredOnce(5);
  });
});
