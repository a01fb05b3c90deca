import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settledVersion } from '#core/settled.ts';
import { retryKey } from '#core/view.ts';
import { settledOf } from '#test/support/journal-records.ts';
import { answered, errored, type ScriptedBatch, unavailable } from '#test/support/scripted-provider.ts';
import { ofRun, stateOf, TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

interface Bundle {
  fleet: TestFleet;
  worker: TestWorker;
  bk: string;
  batch: ScriptedBatch;
}

/** A batch that has ended at the provider, with an answer to each of its documents. */
async function setup({ documents = 3, headers = {} } = {}): Promise<Bundle> {
  const fleet = new TestFleet({ lane: { itemsMax: documents } });
  const worker = await fleet.worker();
  await fleet.enqueue(documents, { headers });
  await worker.accumulator.runOnce();
  await worker.submitter.runOnce({ waitMs: 0 });
  const batch = fleet.provider.batch('pid-1');
  fleet.provider.end(batch);
  return { fleet, worker, bk: fleet.journal('SEALED')[0]?.bk ?? '', batch };
}

/** Hints at the batch and takes one step for it. */
async function collect({ fleet, bk }: Bundle, worker: TestWorker): Promise<void> {
  await fleet.queue.add({ queue: 'collect', id: bk });
  await worker.collector.runOnce({ waitMs: 0 });
}

describe('Collector', () => {
  it('settles an ended batch, releases its reserve, and leaves nothing open', async () => {
    const bundle = await setup();
    const { fleet, worker, bk } = bundle;
    await collect(bundle, worker);
    fleet.assertAnsweredOnce(3);
    assert.deepEqual(
      fleet.results().map(({ custom_id: id, outcome }) => [id, outcome]),
      [0, 1, 2].map(index => [`document-${index}`, 'succeeded']),
    );
    assert.equal(fleet.journal('RELEASED').length, 1);
    await worker.follower.catchUpAll();
    assert.equal(stateOf(worker, bk), null);
    assert.deepEqual(await fleet.queue.depths(), { submit: 0, collect: 0, retry: 0 });
  });

  it('leaves a batch that runs to the look', async () => {
    const bundle = await setup();
    bundle.batch.endedAt = null;
    await collect(bundle, bundle.worker);
    assert.equal(bundle.fleet.results().length, 0);
    assert.equal((await bundle.fleet.queue.depths()).collect, 0);
  });

  it('a hint for a batch nobody knows, or knows any more, is done', async () => {
    const bundle = await setup();
    await collect(bundle, bundle.worker);
    await collect(bundle, bundle.worker);
    await collect({ ...bundle, bk: 'zzzzzzzzzzzz' }, bundle.worker);
    bundle.fleet.assertAnsweredOnce(3);
    assert.equal((await bundle.fleet.queue.depths()).collect, 0);
  });

  it("another owner's results settle nothing (C25)", async () => {
    const bundle = await setup();
    bundle.fleet.provider.owner = 'another';
    await collect(bundle, bundle.worker);
    assert.equal(bundle.fleet.results().length, 0);
    assert.ok(bundle.worker.telemetry.noted('owner-mismatch'));
  });

  it('a read that breaks off in the middle settles nothing, and the next one all', async () => {
    const bundle = await setup();
    const { batch, fleet, worker } = bundle;
    batch.reads.push({ error: unavailable(), after: batch.lines.slice(0, 2) });
    await assert.rejects(collect(bundle, worker));
    assert.equal(fleet.results().length, 0);
    await fleet.clock.advance(1_000);
    await worker.collector.runOnce({ waitMs: 0 });
    fleet.assertAnsweredOnce(3);
  });

  it('hints at each charged retry, due when its time has come', async () => {
    const bundle = await setup();
    const { batch, fleet, worker } = bundle;
    batch.lines[1] = errored(batch.customIds[1] as string);
    await collect(bundle, worker);
    assert.equal(fleet.results().length, 2);
    const [row] = [...worker.follower.view.retries.values()];
    assert.ok(row);
    assert.equal(retryKey(row), '0-1-1');
    const waitMs = row.notBefore - fleet.clock.now();
    assert.ok(waitMs >= 8_000 && waitMs <= 12_000, 'ten seconds, give or take a fifth');
    assert.deepEqual(await fleet.queue.take('retry', { limit: 1, lockMs: 1, waitMs: 0 }), []);
    await fleet.clock.advance(waitMs);
    assert.deepEqual(await fleet.queue.take('retry', { limit: 1, lockMs: 1, waitMs: 0 }), [
      { queue: 'retry', id: '0-1-1' },
    ]);
  });

  it('lines that refuse the account open its breaker and spend no try (A3)', async () => {
    const bundle = await setup();
    const { batch, fleet, worker } = bundle;
    batch.lines = batch.customIds.map(id => errored(id, 'account'));
    await collect(bundle, worker);
    assert.equal(worker.account.breaker.is, 'open');
    assert.deepEqual(
      [...worker.follower.view.retries.values()].map(({ charged, uncharged }) => [charged, uncharged]),
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
    assert.equal(fleet.results().length, 0);
  });

  it('a canceled run is answered with what was bought (N5)', async () => {
    const bundle = await setup({ headers: ofRun('r') });
    await bundle.fleet.append({ kind: 'CANCEL', run: 'r' });
    await collect(bundle, bundle.worker);
    assert.deepEqual(
      bundle.fleet.results().map(({ outcome }) => outcome),
      ['succeeded', 'succeeded', 'succeeded'],
    );
  });

  it('a batch refused as a whole goes back to its lane and spends no try (O3)', async () => {
    const bundle = await setup();
    const { batch, worker } = bundle;
    Object.assign(batch, { lines: [], wholeBatch: 'queue-full' });
    await collect(bundle, worker);
    assert.deepEqual(
      [...worker.follower.view.retries.values()].map(({ cause, charged }) => [cause, charged]),
      Array.from({ length: 3 }, () => ['queue-full', 0]),
    );
    assert.equal((await bundle.fleet.queue.depths()).retry, 0);
  });

  it('settles nothing while settled holds a record of an unknown version: it may be this very batch', async () => {
    const bundle = await setup();
    const { fleet, worker, bk } = bundle;
    for (const partition of [0, 1]) {
      const value = Buffer.from(JSON.stringify({ ...settledOf(bk), v: settledVersion + 1 }));
      const records = [{ key: bk, value, headers: {} }];
      await fleet.cluster.connect().append({ topic: 'settled', partition, records });
    }
    await collect(bundle, worker).catch(() => {});
    assert.equal(fleet.results().length, 0);
    assert.equal((await fleet.queue.depths()).collect, 1);
  });
});

describe('Collector: lines', () => {
  it('a line that cannot be read costs nobody else: it is read again at once', async () => {
    const bundle = await setup();
    const { batch, fleet, worker } = bundle;
    batch.reads.push([batch.lines[0] as never, { type: 'unreadable' }, batch.lines[2] as never]);
    await collect(bundle, worker);
    assert.equal(fleet.results().length, 0);
    await worker.collector.runOnce({ waitMs: 0 });
    fleet.assertAnsweredOnce(3);
  });

  it('a line under an id that nobody sent does not complete a read', async () => {
    const bundle = await setup();
    const { batch, fleet, worker } = bundle;
    batch.reads.push([batch.lines[0] as never, batch.lines[1] as never, answered('nobody-sent-this')]);
    await collect(bundle, worker);
    assert.equal(fleet.results().length, 0);
  });

  it('a line of another attempt or batch does not complete a read', async () => {
    const bundle = await setup();
    const { batch, fleet, worker } = bundle;
    const strange = (batch.customIds[2] as string).replace(/-0$/, '-1');
    batch.reads.push([batch.lines[0] as never, batch.lines[1] as never, answered(strange)]);
    await collect(bundle, worker);
    assert.equal(fleet.results().length, 0);
  });

  it('of duplicated lines the first counts', async () => {
    const bundle = await setup();
    const { batch, fleet, worker } = bundle;
    batch.lines.push(errored(batch.customIds[0] as string), answered(batch.customIds[1] as string, 'second'));
    await collect(bundle, worker);
    assert.deepEqual(
      fleet.results().map(({ output }) => output),
      batch.customIds.map(id => `answer to ${id}`),
    );
  });

  it('lines in any order are matched by custom_id (G3)', async () => {
    const bundle = await setup();
    bundle.batch.lines.reverse();
    await collect(bundle, bundle.worker);
    assert.deepEqual(
      bundle.fleet.results().map(({ custom_id: id, output }) => [id, output]),
      bundle.batch.customIds.map((id, index) => [`document-${index}`, `answer to ${id}`]),
    );
  });
});
