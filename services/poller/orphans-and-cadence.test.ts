import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptsUnanswered, unavailable } from '#test/support/scripted-provider.ts';
import { accountName, stateOf, TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

async function setup(options: { hasLabels?: boolean; batches?: number } = {}): Promise<{
  fleet: TestFleet;
  worker: TestWorker;
}> {
  const { hasLabels = true, batches = 1 } = options;
  const fleet = new TestFleet({ lane: { itemsMax: 1 }, hasLabels });
  const worker = await fleet.worker();
  await fleet.enqueue(batches);
  await worker.accumulator.runOnce();
  return { fleet, worker };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

describe('Watcher: orphans', () => {
  it('a second batch of a bound key: counted once, canceled', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    const { label } = fleet.provider.batch('pid-1');
    fleet.provider.add({ customIds: ['a'], label });
    for (let look = 0; look < 3; look++) await worker.watcher.runOnce();
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
    assert.deepEqual(fleet.provider.canceled, ['pid-2']);
  });

  it('a cancel that failed is asked for again at the next look', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    const { label } = fleet.provider.batch('pid-1');
    fleet.provider.add({ customIds: ['a'], label });
    fleet.provider.cancelError = unavailable();
    await worker.watcher.runOnce().catch(() => {});
    fleet.provider.cancelError = null;
    await worker.watcher.runOnce();
    assert.deepEqual(fleet.provider.canceled, ['pid-2']);
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
  });

  it('a batch of a known key that is bound to nothing: counted, not canceled', async () => {
    const { fleet, worker } = await setup({ batches: 2 });
    await submit(worker);
    const waiting = fleet.journal('SEALED')[1]?.bk ?? '';
    fleet.provider.add({ customIds: ['a'], label: { fleet: 'fleeta', bk: waiting, sub: 1 } });
    await worker.watcher.runOnce();
    assert.equal(worker.telemetry.counted('flotilla_suspected_double_purchase_total'), 1);
    assert.deepEqual(fleet.provider.canceled, []);
  });

  it('our fleet id with a key that our log does not know: no creates any more (two fleets on one log)', async () => {
    const { fleet, worker } = await setup({ batches: 2 });
    await submit(worker);
    fleet.provider.add({ customIds: ['a'], label: { fleet: 'fleeta', bk: 'zzzzzzzzzzzz', sub: 1 } });
    await worker.watcher.runOnce();
    assert.equal(worker.account.hold(worker.follower.view), 'foreign-fleet');
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
    assert.deepEqual(fleet.provider.canceled, []);
  });

  it('a batch that is sealed and created while the list is read is not taken for a foreign one', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    const other = await fleet.worker();
    const list = fleet.provider.list.bind(fleet.provider);
    fleet.provider.list = async options => {
      fleet.provider.list = list;
      await fleet.enqueue(1);
      await other.accumulator.runOnce();
      await submit(other);
      return list(options);
    };
    await worker.watcher.runOnce();
    assert.equal(worker.account.hold(worker.follower.view), null);
  });
});

describe('Watcher: hints', () => {
  it('hints at what has ended, at every look until it is settled', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    await worker.watcher.runOnce();
    assert.equal((await fleet.queue.depths()).collect, 0);
    fleet.provider.endAll();
    for (let look = 0; look < 2; look++) {
      await worker.watcher.runOnce();
      assert.equal((await fleet.queue.depths()).collect, 1);
      fleet.flushQueue();
    }
  });

  it('hints at a batch that a complete list lacks: it may have been deleted at the provider', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    fleet.provider.remove('pid-1');
    await worker.watcher.runOnce();
    assert.equal((await fleet.queue.depths()).collect, 0, 'it may only not be listed yet');
    await fleet.clock.advance(fleet.timing.settleMs + 1_000);
    await worker.watcher.runOnce();
    assert.equal((await fleet.queue.depths()).collect, 1);
  });

  it('hints at both batches that a provider gave one id', async () => {
    const { fleet, worker } = await setup({ batches: 2 });
    fleet.provider.creates.push(
      accept => ({ status: 'created', pid: accept(), facts: fleet.provider.facts }),
      () => ({ status: 'created', pid: 'pid-1', facts: fleet.provider.facts }),
    );
    await submit(worker);
    await submit(worker);
    fleet.provider.endAll();
    await worker.watcher.runOnce();
    assert.equal((await fleet.queue.depths()).collect, 2);
  });
});

describe('Watcher: cadence', () => {
  const run = async (worker: TestWorker, fleet: TestFleet, forMs: number): Promise<number[]> => {
    const stopping = new AbortController();
    const times: number[] = [];
    const list = fleet.provider.list.bind(fleet.provider);
    fleet.provider.list = options => {
      times.push(fleet.clock.monotonic());
      return list(options);
    };
    const loop = (async () => {
      while (!stopping.signal.aborted) await worker.watcher.runWhenDue(stopping.signal).catch(() => {});
    })();
    await fleet.clock.advance(forMs);
    stopping.abort();
    await loop;
    return times;
  };

  it('asks after a quarter of the age of the youngest batch, from 250 ms to 5 min', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    const times = await run(worker, fleet, 3 * 3_600_000);
    const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
    assert.ok((gaps[0] as number) <= 500, `first ${gaps[0]}`);
    assert.ok(Math.max(...gaps) <= fleet.timing.lookMaxMs + fleet.timing.lookMinMs, `longest ${Math.max(...gaps)}`);
    assert.ok(times.length < 120, `${times.length} looks in three hours`);
  });

  it('asks once when nothing is open, so that the owner is known', async () => {
    const fleet = new TestFleet();
    const worker = await fleet.worker();
    assert.equal((await run(worker, fleet, 60_000)).length, 1);
    assert.equal(worker.follower.view.accounts.get(accountName)?.owner, fleet.provider.owner);
  });

  it('is looked at soon once a batch is opened', async () => {
    const { fleet, worker } = await setup();
    await submit(worker);
    await fleet.clock.advance(3_600_000);
    const stopping = new AbortController();
    await worker.watcher.runWhenDue(stopping.signal);
    const before = fleet.provider.lists;
    await fleet.enqueue(1);
    await worker.accumulator.runOnce();
    await submit(worker);
    const loop = (async () => {
      while (!stopping.signal.aborted) await worker.watcher.runWhenDue(stopping.signal);
    })();
    await fleet.clock.advance(1_000);
    stopping.abort();
    await loop;
    assert.ok(fleet.provider.lists > before);
  });

  it('goes on asking while the clock is off and nothing is open, so that setting it is noticed', async () => {
    const { fleet, worker } = await setup();
    fleet.provider.clockOffMs = 60_000;
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 0);
    fleet.provider.clockOffMs = 0;
    await run(worker, fleet, 30_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
  });

  it('goes on asking while another owner answers and nothing is open', async () => {
    const { fleet, worker } = await setup();
    const { owner } = fleet.provider;
    await fleet.append({
      kind: 'ACCOUNT',
      account: accountName,
      provider: 'anthropic',
      baseUrl: fleet.provider.baseUrl,
      owner,
    });
    fleet.provider.owner = 'another';
    await submit(worker);
    fleet.provider.owner = owner;
    await run(worker, fleet, 30_000);
    await submit(worker);
    assert.equal(fleet.provider.posts.length, 1);
  });

  it('an outage is over with the first list that is answered, not with a create', async () => {
    const { fleet, worker } = await setup({ batches: 3 });
    fleet.provider.creates.push(acceptsUnanswered, acceptsUnanswered, acceptsUnanswered);
    for (let create = 0; create < 3; create++) await submit(worker);
    assert.equal(worker.account.breaker.is, 'open');
    await fleet.clock.advance(fleet.timing.breakerMinMs);
    await worker.watcher.runOnce();
    assert.equal(worker.account.hold(worker.follower.view), null);
    assert.equal(stateOf(worker, fleet.journal('SEALED')[0]?.bk ?? ''), 'created');
  });
});
