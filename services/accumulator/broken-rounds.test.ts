import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { errored } from '#test/support/scripted-provider.ts';
import { TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

const position = async ({ log }: TestWorker): Promise<number> =>
  (await log.position('accumulator', 'documents', 0))?.offset ?? 0;

/** Claims of every SEALED, void ones included. */
const claims = (fleet: TestFleet): number[] =>
  fleet.journal('SEALED').flatMap(({ items }) => items.map(([, offset]) => offset));

/** Passes labels to `hook` only while the accumulator works. */
async function labelsOfRounds(): Promise<string[]> {
  const labels: string[] = [];
  await scenario(label => void labels.push(label));
  return labels;
}

/** Eight documents in lanes of three, one of which fails once; the whole way to their answers. */
async function scenario(hook: (label: string) => void): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const fleet = new TestFleet({ lane: { itemsMax: 3 } });
  fleet.provider.creates.push((accept, { items }) => {
    const pid = accept();
    const batch = fleet.provider.batch(pid);
    fleet.provider.end(batch, ids => ids.map(id => errored(id, 'transient')));
    batch.lines = batch.lines.slice(0, items.length);
    return { status: 'created', pid, facts: fleet.provider.facts };
  });
  let isWorking = false;
  const worker = await fleet.worker({ hook: label => (isWorking ? hook(label) : undefined) });
  const runOnce = worker.accumulator.runOnce.bind(worker.accumulator);
  worker.accumulator.runOnce = async () => {
    isWorking = true;
    try {
      return await runOnce();
    } finally {
      isWorking = false;
    }
  };
  await fleet.enqueue(8);
  await fleet.settleDown(worker, { forMs: 90_000 });
  return { fleet, worker };
}

describe('Accumulator: a round that breaks off', () => {
  it('at any call of any port loses and doubles nothing', async () => {
    const labels = await labelsOfRounds();
    const distinct = [...new Set(labels)];
    assert.ok(distinct.length > 15, `${distinct.length} crash points`);
    for (const label of distinct) {
      const times = labels.filter(each => each === label).length;
      for (const nth of new Set([1, 2, Math.ceil(times / 2), times])) {
        let passed = 0;
        const { fleet, worker } = await scenario(each => {
          if (each !== label) return;
          passed += 1;
          if (passed === nth) throw new FlotillaError('log-unavailable');
        });
        fleet.assertAnsweredOnce(8);
        assert.equal(await position(worker), 8, `position after ${label} #${nth}`);
        assert.deepEqual(worker.accumulator.openLanes(), [], `lanes after ${label} #${nth}`);
      }
    }
  });

  it('every append of the journal fails for a while, landed or not: nothing is lost or doubled', async () => {
    for (const place of ['before', 'after']) {
      let passed = 0;
      const { fleet, worker } = await scenario(label => {
        if (label !== `view.log.append(SEALED)·${place}`) return;
        passed += 1;
        if (passed <= 6) throw new FlotillaError('log-unavailable');
      });
      fleet.assertAnsweredOnce(8);
      assert.equal(await position(worker), 8);
    }
  });

  it('a lost append: its items stay and are sealed under another key; landing late it wins nothing', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 3 } });
    let isLost = true;
    const worker = await fleet.worker({
      hook: label => {
        if (label !== 'view.log.append(SEALED)·before' || !isLost) return;
        isLost = false;
        throw new FlotillaError('log-unavailable');
      },
    });
    await fleet.enqueue(3);
    await assert.rejects(worker.accumulator.runOnce());
    await worker.accumulator.runOnce();
    const [sealed] = fleet.journal('SEALED');
    assert.ok(sealed);
    await fleet.append({ ...sealed, bk: 'late22222222' });
    await fleet.settleDown(worker, { forMs: 20_000 });
    fleet.assertAnsweredOnce(3);
    assert.equal(fleet.provider.posts.length, 1);
  });

  it('an append that landed although it failed is not sealed a second time', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 3 } });
    let isLost = true;
    const worker = await fleet.worker({
      hook: label => {
        if (label !== 'view.log.append(SEALED)·after' || !isLost) return;
        isLost = false;
        throw new FlotillaError('log-unavailable');
      },
    });
    await fleet.enqueue(3);
    await assert.rejects(worker.accumulator.runOnce());
    await worker.accumulator.runOnce();
    assert.deepEqual(claims(fleet), [0, 1, 2]);
    assert.equal(await position(worker), 3);
    assert.deepEqual(worker.accumulator.openLanes(), []);
  });

  it('a record that another owner sealed while a round was broken off does not hold the position for ever', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 10, bytesMax: 200 } });
    let isBroken = true;
    const worker = await fleet.worker({
      hook: label => {
        if (label !== 'view.log.append(SEALED)·before' || !isBroken) return;
        isBroken = false;
        throw new FlotillaError('log-unavailable');
      },
    });
    await fleet.enqueue(3);
    await assert.rejects(worker.accumulator.runOnce());
    const other = await fleet.worker();
    await other.accumulator.runOnce();
    await fleet.clock.advance(30_000);
    await other.accumulator.runOnce();
    await worker.accumulator.runOnce();
    await worker.accumulator.runOnce();
    assert.equal(await position(other), 3);
    const committed: number[] = [];
    for (const { offset } of fleet.cluster.positions()) committed.push(offset);
    await fleet.enqueue(1);
    await fleet.clock.advance(30_000);
    await worker.accumulator.runOnce();
    await fleet.clock.advance(30_000);
    await worker.accumulator.runOnce();
    assert.equal(await position(worker), 4);
  });
});
