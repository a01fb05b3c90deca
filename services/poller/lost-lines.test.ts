import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScriptedBatch } from '#test/support/scripted-provider.ts';
import { TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

interface Bundle {
  fleet: TestFleet;
  worker: TestWorker;
  batch: ScriptedBatch;
}

/** An ended batch of three, with the one hint its look gave. */
async function setup(): Promise<Bundle> {
  const fleet = new TestFleet({ lane: { itemsMax: 3 } });
  const worker = await fleet.worker();
  await fleet.enqueue(3);
  await worker.accumulator.runOnce();
  await worker.submitter.runOnce({ waitMs: 0 });
  const batch = fleet.provider.batch('pid-1');
  fleet.provider.end(batch);
  await fleet.queue.add({ queue: 'collect', id: fleet.journal('SEALED')[0]?.bk ?? '' });
  return { fleet, worker, batch };
}

/** Lets the collector work for so long, a second at a time. @returns when it read, ms from the start */
async function collectFor({ fleet, worker }: Bundle, forMs: number, stepMs = 1_000): Promise<number[]> {
  const startedAt = fleet.clock.monotonic();
  const readAt: number[] = [];
  for (let passed = 0; passed <= forMs; passed += stepMs) {
    for (;;) {
      const before = fleet.provider.reads;
      if (!(await worker.collector.runOnce({ waitMs: 0 }))) break;
      if (fleet.provider.reads > before) readAt.push(fleet.clock.monotonic() - startedAt);
    }
    await fleet.clock.advance(stepMs);
  }
  return readAt;
}

const retries = ({ worker }: Bundle): unknown[] =>
  [...worker.follower.view.retries.values()].map(({ o, cause, charged }) => [o, cause, charged]);

describe('lost lines', () => {
  it('a short read is repeated at once, then after 1 s, doubling to 10 min', async () => {
    const bundle = await setup();
    bundle.batch.lines.pop();
    const readAt = await collectFor(bundle, 50 * 60_000);
    const gaps = readAt.slice(1).map((at, index) => at - (readAt[index] as number));
    assert.deepEqual(
      gaps.slice(0, 12).map(gap => Math.round(gap / 1_000)),
      [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600],
    );
    assert.equal(bundle.fleet.results().length, 0);
  });

  it('is proven by three spaced, identical reads an hour or more after the end (O9)', async () => {
    const bundle = await setup();
    bundle.batch.lines.pop();
    await bundle.fleet.clock.advance(bundle.fleet.timing.lostLinesMs);
    const readAt = await collectFor(bundle, 60_000);
    assert.deepEqual(
      readAt.map(at => Math.round(at / 1_000)),
      [0, 0, 1, 3],
    );
    assert.equal(bundle.fleet.results().length, 2);
    assert.deepEqual(retries(bundle), [[2, 'missing', 1]]);
    assert.equal(bundle.worker.telemetry.counted('flotilla_lost_lines_total'), 1);
  });

  it('is not proven by reads that miss different lines', async () => {
    const bundle = await setup();
    const { batch, fleet } = bundle;
    await fleet.clock.advance(fleet.timing.lostLinesMs);
    for (let read = 0; read < 12; read++) batch.reads.push(batch.lines.filter((_, index) => index !== read % 2));
    await collectFor(bundle, 60 * 60_000, 5_000);
    fleet.assertAnsweredOnce(3);
    assert.deepEqual(retries(bundle), []);
  });

  it('is not proven while the clock is off: ours runs an hour ahead', async () => {
    const bundle = await setup();
    const { batch, fleet } = bundle;
    batch.lines.pop();
    fleet.clock.jump(2 * fleet.timing.lostLinesMs);
    fleet.provider.clockOffMs = -2 * fleet.timing.lostLinesMs;
    await collectFor(bundle, 60_000);
    assert.equal(fleet.results().length, 0);
  });

  it('what was lost counts as bought in the books', async () => {
    const bundle = await setup();
    bundle.batch.lines.pop();
    await bundle.fleet.clock.advance(bundle.fleet.timing.lostLinesMs);
    await collectFor(bundle, 60_000);
    const [released] = bundle.fleet.journal('RELEASED');
    const [intent] = bundle.fleet.journal('INTENT');
    const money = 'account:main:money';
    assert.ok((released?.actual[money] ?? 0) >= (intent?.reserve[money] ?? Infinity) / 3);
  });
});

describe('a batch that is gone', () => {
  it('O11: 404 three times over 24 h, and absent from a complete list: its items are missing', async () => {
    const bundle = await setup();
    bundle.fleet.provider.remove('pid-1');
    await collectFor(bundle, 23 * 3_600_000, 60_000);
    assert.deepEqual(retries(bundle), []);
    await collectFor(bundle, 2 * 3_600_000, 60_000);
    assert.deepEqual(retries(bundle), [
      [0, 'missing', 1],
      [1, 'missing', 1],
      [2, 'missing', 1],
    ]);
  });

  it('404 for a whole day, but listed: it is not gone', async () => {
    const bundle = await setup();
    bundle.batch.reads.push(...Array.from({ length: 1_000 }, () => 'not-found' as const));
    await collectFor(bundle, 30 * 3_600_000, 60_000);
    assert.deepEqual(retries(bundle), []);
    bundle.batch.reads.length = 0;
    await collectFor(bundle, 20 * 60_000, 60_000);
    bundle.fleet.assertAnsweredOnce(3);
  });

  it("404, and absent from another owner's list: it is not gone (C25)", async () => {
    const bundle = await setup();
    const { fleet } = bundle;
    fleet.provider.remove('pid-1');
    const { owner } = fleet.provider;
    const list = fleet.provider.list.bind(fleet.provider);
    fleet.provider.list = async options => {
      fleet.provider.owner = 'another';
      const page = await list(options);
      fleet.provider.owner = owner;
      return page;
    };
    await collectFor(bundle, 26 * 3_600_000, 60_000);
    assert.deepEqual(retries(bundle), []);
  });

  it('is not gone because the clock jumped by a day', async () => {
    const bundle = await setup();
    const { fleet } = bundle;
    fleet.provider.remove('pid-1');
    await collectFor(bundle, 5_000);
    fleet.clock.jump(25 * 3_600_000);
    fleet.provider.clockOffMs = -25 * 3_600_000;
    await collectFor(bundle, 3_600_000, 60_000);
    assert.deepEqual(retries(bundle), []);
  });
});
