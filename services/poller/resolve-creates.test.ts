import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answered, type CreateScript, dropsUnanswered, unavailable } from '#test/support/scripted-provider.ts';
import { stateOf, TestFleet, type TestFleetOptions, type TestWorker } from '#test/support/test-fleet.ts';

interface Bundle {
  fleet: TestFleet;
  /** A worker that did not make the call itself. */
  worker: TestWorker;
  bk: string;
  /** The ids of the items that were sent. */
  ids: string[];
}

/** A batch of two whose create was not answered. Nothing of it is at the provider unless `script` makes it. */
async function setup(options: TestFleetOptions & { script?: CreateScript } = {}): Promise<Bundle> {
  const { script = dropsUnanswered, ...rest } = options;
  const fleet = new TestFleet({ lane: { itemsMax: 2 }, ...rest });
  const sender = await fleet.worker();
  await fleet.enqueue(2);
  await sender.accumulator.runOnce();
  fleet.provider.creates.push(script);
  await sender.submitter.runOnce({ waitMs: 0 });
  const worker = await fleet.worker();
  const ids = fleet.provider.posts[0]?.items.map(item => item.customId) ?? [];
  return { fleet, worker, bk: fleet.journal('SEALED')[0]?.bk ?? '', ids };
}

const label = (bk: string, fleet = 'fleeta') => ({ fleet, bk, sub: 1 });
const aborts = (fleet: TestFleet): string[] => fleet.journal('ABORTED').map(({ why }) => why);

describe('Watcher: an unanswered create, without labels', () => {
  it('is adopted when it has ended and its custom_ids say that it is ours', async () => {
    const { fleet, worker, bk, ids } = await setup();
    const batch = fleet.provider.add({ customIds: ids });
    await fleet.clock.advance(60_000);
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'intent');
    fleet.provider.end(batch);
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'created');
    assert.equal(worker.follower.view.bks.get(bk), batch.pid);
  });

  it('is never adopted by count and time alone: a foreign batch of as many items', async () => {
    const { fleet, worker, bk } = await setup();
    const foreign = fleet.provider.add({ customIds: ['theirs-1', 'theirs-2'] });
    fleet.provider.end(foreign);
    await fleet.clock.advance(fleet.timing.settleMs + 1_000);
    await worker.watcher.runOnce();
    assert.equal(fleet.journal('CREATED').length, 0);
    assert.deepEqual(aborts(fleet), ['absent']);
    assert.equal(stateOf(worker, bk), 'aborted');
  });

  it('waits while a candidate runs, however long: it may be the one', async () => {
    const { fleet, worker, bk } = await setup();
    fleet.provider.add({ customIds: ['theirs-1', 'theirs-2'] });
    await fleet.clock.advance(20 * 3_600_000);
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'intent');
  });

  it('one spoilt line does not make a foreign batch ours', async () => {
    const { fleet, worker, bk, ids } = await setup();
    const foreign = fleet.provider.add({ customIds: ['theirs-1', 'theirs-2'] });
    fleet.provider.end(foreign);
    foreign.reads.push([answered(ids[0] as string)]);
    await fleet.clock.advance(60_000);
    await worker.watcher.runOnce();
    await fleet.clock.advance(60_000);
    await worker.watcher.runOnce();
    assert.equal(fleet.journal('CREATED').length, 0);
    assert.equal(stateOf(worker, bk), 'intent');
  });

  it("a candidate whose results cannot be read holds back its own INTENT only, not the others'", async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 1 } });
    const sender = await fleet.worker();
    await fleet.enqueue(2);
    await sender.accumulator.runOnce();
    fleet.provider.creates.push(dropsUnanswered, dropsUnanswered);
    await sender.submitter.runOnce({ waitMs: 0 });
    await sender.submitter.runOnce({ waitMs: 0 });
    const [, second] = fleet.provider.posts;
    const broken = fleet.provider.add({ customIds: ['theirs'] });
    fleet.provider.end(broken);
    broken.reads.push(...Array.from({ length: 50 }, () => ({ error: unavailable() })));
    const mine = fleet.provider.add({ customIds: second?.items.map(item => item.customId) ?? [] });
    fleet.provider.end(mine);
    await fleet.clock.advance(60_000);
    const worker = await fleet.worker();
    await worker.watcher.runOnce().catch(() => {});
    await fleet.clock.advance(10_000);
    await worker.watcher.runOnce().catch(() => {});
    assert.equal(stateOf(worker, second?.label.bk ?? ''), 'created');
  });

  it('silent on three spaced reads an hour after its end: counted, and no longer waited for', async () => {
    const { fleet, worker, bk } = await setup();
    const silent = fleet.provider.add({ customIds: ['x', 'y'] });
    fleet.provider.end(silent, () => []);
    await fleet.clock.advance(fleet.timing.lostLinesMs - 1_000);
    await worker.watcher.runOnce();
    for (let read = 0; read < 3; read++) {
      assert.equal(stateOf(worker, bk), 'intent');
      await fleet.clock.advance(5 * 60_000);
      await worker.watcher.runOnce();
    }
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
    assert.deepEqual(aborts(fleet), ['absent']);
  });

  it('ended but gone at every late read: no longer waited for either', async () => {
    const { fleet, worker, bk } = await setup();
    const gone = fleet.provider.add({ customIds: ['x', 'y'] });
    fleet.provider.end(gone);
    gone.reads.push(...Array.from({ length: 50 }, () => 'not-found' as const));
    await fleet.clock.advance(fleet.timing.lostLinesMs);
    for (let read = 0; read < 4; read++) {
      await fleet.clock.advance(5 * 60_000);
      await worker.watcher.runOnce();
    }
    assert.equal(stateOf(worker, bk), 'aborted');
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
  });
});

describe('Watcher: an unanswered create, with labels', () => {
  it('is adopted by its label while it runs', async () => {
    const { fleet, worker, bk } = await setup({ hasLabels: true });
    fleet.provider.add({ customIds: ['other', 'ids'], label: label(bk) });
    await fleet.clock.advance(60_000);
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'created');
  });

  it('by whose call has ended: adopted at once', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 2 }, hasLabels: true });
    const worker = await fleet.worker();
    await fleet.enqueue(2);
    await worker.accumulator.runOnce();
    fleet.provider.creates.push(accept => {
      accept();
      return { status: 'ambiguous', message: 'reset' };
    });
    await worker.submitter.runOnce({ waitMs: 0 });
    await worker.watcher.runOnce();
    assert.equal(fleet.journal('CREATED').length, 1);
  });

  for (const [whose, other] of [
    ["another batch's", label('zzzzzzzzzzzz')],
    ["another fleet's", label('aaaaaaaaaaab', 'others')],
    ['no', null],
  ] as const) {
    it(`is not adopted by ${whose} label, whatever the count`, async () => {
      const { fleet, worker, bk, ids } = await setup({ hasLabels: true });
      assert.equal(bk, 'aaaaaaaaaaab');
      fleet.provider.add({ customIds: ids, label: other });
      await fleet.clock.advance(60_000);
      await worker.watcher.runOnce();
      assert.equal(fleet.journal('CREATED').length, 0);
    });
  }
});

describe('Watcher: proof of absence', () => {
  it('only from a list asked for after T_settle', async () => {
    const { fleet, worker, bk } = await setup();
    await fleet.clock.advance(fleet.timing.settleMs);
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'intent');
    await fleet.clock.advance(1_000);
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'aborted');
    assert.equal((await fleet.queue.depths()).submit, 1);
  });

  it('only from a list that reaches back far enough', async () => {
    const { fleet, worker, bk } = await setup();
    await fleet.clock.advance(fleet.timing.settleMs + 1_000);
    for (let batch = 0; batch < 4; batch++) fleet.provider.add({ customIds: ['theirs'] });
    fleet.provider.pageItems = 2;
    const { account } = worker;
    const { Watcher } = await import('./watcher.ts');
    const { queue, clock, timing } = fleet;
    const ports = { log: worker.log, queue, clock, telemetry: worker.telemetry, follower: worker.follower, timing };
    await new Watcher(account, { ...ports, listPagesMax: 1 }).runOnce();
    assert.equal(stateOf(worker, bk), 'intent');
    await new Watcher(account, ports).runOnce();
    assert.equal(stateOf(worker, bk), 'aborted');
  });

  it("never from another owner's list (C25)", async () => {
    const { fleet, worker, bk } = await setup();
    await fleet.clock.advance(fleet.timing.settleMs + 1_000);
    fleet.provider.owner = 'another';
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'intent');
    assert.ok(worker.telemetry.noted('owner-mismatch'));
  });

  it("never from a list of which one page is another owner's (C25)", async () => {
    const { fleet, worker, bk } = await setup();
    await fleet.clock.advance(fleet.timing.settleMs + 1_000);
    fleet.provider.add({ customIds: ['theirs'] });
    fleet.provider.add({ customIds: ['theirs'] });
    fleet.provider.pageItems = 1;
    const { owner } = fleet.provider;
    const list = fleet.provider.list.bind(fleet.provider);
    fleet.provider.owner = 'another';
    fleet.provider.list = async options => {
      const page = await list(options);
      fleet.provider.owner = owner;
      return page;
    };
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'intent');
  });

  it('never while the clock is off: ours runs ahead', async () => {
    const { fleet, worker, bk } = await setup();
    fleet.clock.jump(fleet.timing.settleMs + 60_000);
    fleet.provider.clockOffMs = -(fleet.timing.settleMs + 60_000);
    await worker.watcher.runOnce();
    assert.equal(stateOf(worker, bk), 'intent');
  });

  it('then it is sent again, and answered once', async () => {
    const { fleet, worker } = await setup();
    await fleet.settleDown(worker, { forMs: 20 * 60_000, stepMs: 30_000 });
    fleet.assertAnsweredOnce(2);
    assert.deepEqual(
      fleet.provider.posts.map(({ label: sent }) => sent.sub),
      [1, 2],
    );
  });
});
