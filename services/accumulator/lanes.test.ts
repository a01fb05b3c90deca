import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { deadlineMarginMs } from '#core/limits.ts';
import { decodePayload } from '#core/payload.ts';
import { asIsLine, ofRun, TestFleet, type TestFleetOptions, type TestWorker } from '#test/support/test-fleet.ts';

async function setup(options: TestFleetOptions = {}): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const fleet = new TestFleet(options);
  return { fleet, worker: await fleet.worker() };
}

/** Items of each SEALED so far. */
const sizes = (fleet: TestFleet): number[] => fleet.journal('SEALED').map(({ items }) => items.length);
const position = async ({ log }: TestWorker, partition = 0): Promise<number> =>
  (await log.position('accumulator', 'documents', partition))?.offset ?? 0;

describe('Accumulator: when a lane closes', () => {
  it('by count', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 3 } });
    await fleet.enqueue(7);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), [3, 3]);
    assert.deepEqual(
      worker.accumulator.openLanes().map(({ items, itemsMax }) => [items, itemsMax]),
      [[1, 3]],
    );
    assert.equal((await fleet.queue.depths()).submit, 2);
  });

  it('by age', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(2);
    await worker.accumulator.runOnce();
    await fleet.clock.advance(29_999);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), []);
    await fleet.clock.advance(1);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), [2]);
  });

  it('by bytes: what does not fit waits for the next batch', async () => {
    const { fleet, worker } = await setup({ lane: { bytesMax: 500 } });
    await fleet.enqueue(5);
    await worker.accumulator.runOnce();
    assert.ok(sizes(fleet).every(size => size < 5) && sizes(fleet).length > 0);
    for (const { bk } of fleet.journal('SEALED')) {
      const documents = decodePayload((await fleet.payloads.get(bk)) ?? new Uint8Array());
      const bytes = documents?.reduce((sum, { value }) => sum + value.byteLength, 0) ?? Infinity;
      assert.ok(bytes <= 500, `${bytes}`);
    }
  });

  it('by tokens', async () => {
    const { fleet, worker } = await setup({ lane: { tokensMax: 60 } });
    await fleet.enqueue(6);
    await worker.accumulator.runOnce();
    assert.ok(sizes(fleet).length >= 2, `${sizes(fleet)}`);
  });

  it('a document larger than the bound of a batch is sealed alone', async () => {
    const { fleet, worker } = await setup({ lane: { bytesMax: 200 } });
    await fleet.enqueue(1, { value: asIsLine('large', { system: 'x'.repeat(10_000) }) });
    await fleet.enqueue(1);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet)[0], 1);
  });

  it('by the earliest deadline in it', async () => {
    const { fleet, worker } = await setup();
    const deadline = new Date(fleet.clock.now() + deadlineMarginMs + 5_000).toISOString();
    await fleet.enqueue(1);
    await fleet.enqueue(1, { headers: { [headerNames.deadline]: deadline } });
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), []);
    await fleet.clock.advance(5_000);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), [2]);
  });

  it('at the end of a run, once its input has been read to its end', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(2, { headers: ofRun('r') });
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), []);
    await fleet.endRun('r');
    await fleet.clock.advance(250);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), [2]);
  });

  it('not at the end of a run while documents of no run wait in it', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(1, { headers: ofRun('r') });
    await fleet.enqueue(1);
    await fleet.endRun('r');
    await worker.accumulator.runOnce();
    await fleet.clock.advance(250);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), []);
  });

  it('wakes up for the next lane that is due', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(1);
    await worker.accumulator.runOnce();
    await fleet.clock.advance(28_000);
    let isAwake = false;
    const waiting = worker.accumulator.waitForWork(new AbortController().signal).then(() => {
      isAwake = true;
    });
    await fleet.clock.advance(1_999);
    assert.equal(isAwake, false);
    await fleet.clock.advance(1);
    await waiting;
  });
});

describe('Accumulator: what shares a lane', () => {
  it('seals rejects apart, after a second, to be answered and not sent', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(1, { value: 'no json' });
    await fleet.enqueue(1);
    await worker.accumulator.runOnce();
    await fleet.clock.advance(1_000);
    await worker.accumulator.runOnce();
    assert.deepEqual(
      fleet.journal('SEALED').map(({ type, items }) => [type, items.length]),
      [['reject', 1]],
    );
    assert.deepEqual(await fleet.queue.depths(), { submit: 0, collect: 1, retry: 0 });
  });

  it('a run with a cap of its own has lanes of its own', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 2 } });
    await fleet.append({ kind: 'CAP', scope: 'run:capped:money', period: 'total', limit: 1 });
    await fleet.enqueue(1, { headers: ofRun('capped') });
    await fleet.enqueue(1, { headers: ofRun('free') });
    await fleet.enqueue(1, { headers: ofRun('capped') });
    await fleet.enqueue(1);
    await worker.accumulator.runOnce();
    assert.deepEqual(
      fleet.journal('SEALED').map(({ runs }) => runs),
      [['capped'], ['free']],
    );
  });

  it('of records with one idempotency key the first is sent, in one batch and in another (C1)', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 2 } });
    await fleet.enqueue(3, { headers: { [headerNames.idempotencyKey]: 'once' } });
    await fleet.settleDown(worker, { forMs: 60_000 });
    assert.deepEqual(
      fleet.results().map(({ rid, outcome }) => [rid, outcome]),
      [
        ['0/0', 'succeeded'],
        ['0/1', 'duplicate'],
        ['0/2', 'duplicate'],
      ],
    );
    fleet.assertAnsweredOnce(3);
    assert.equal(fleet.provider.posts.length, 1);
  });
});

describe('Accumulator: input position', () => {
  it('K7: is the low watermark of delivered records that are sealed, and offsets have gaps', async () => {
    const { fleet, worker } = await setup({ gaps: () => 2, lane: { itemsMax: 2 } });
    const offsets = await fleet.enqueue(5);
    await worker.accumulator.runOnce();
    assert.equal(await position(worker), offsets[4]);
    await fleet.clock.advance(30_000);
    await worker.accumulator.runOnce();
    assert.equal(await position(worker), (offsets[4] as number) + 1);
  });

  it('stays below a document that waits while later ones are sealed', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 2 } });
    await fleet.append({ kind: 'CAP', scope: 'run:capped:money', period: 'total', limit: 1 });
    await fleet.enqueue(1, { headers: ofRun('capped') });
    await fleet.enqueue(4);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), [2, 2]);
    assert.equal(await position(worker), 0);
  });

  it('after a restart the rest is read again, without a second claim (C2, C6)', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 2 } });
    await fleet.append({ kind: 'CAP', scope: 'run:capped:money', period: 'total', limit: 1 });
    await fleet.enqueue(1, { headers: ofRun('capped') });
    await fleet.enqueue(5);
    await worker.accumulator.runOnce();
    const restarted = await fleet.worker();
    await restarted.accumulator.runOnce();
    await fleet.clock.advance(30_000);
    await restarted.accumulator.runOnce();
    const claimed = fleet.journal('SEALED').flatMap(({ items }) => items.map(([, offset]) => offset));
    assert.deepEqual(claimed.sort(), [0, 1, 2, 3, 4, 5]);
    assert.equal(await position(restarted), 6);
  });

  it('K2: a partition that was taken away leaves its lanes, and comes back whole', async () => {
    const { fleet, worker } = await setup({ documentPartitions: 2 });
    fleet.cluster.assign('accumulator', 'documents', worker.log, [0, 1]);
    await fleet.enqueue(2, { partition: 0 });
    await fleet.enqueue(3, { partition: 1 });
    await worker.accumulator.runOnce();
    assert.equal(worker.accumulator.openLanes()[0]?.items, 5);
    fleet.cluster.assign('accumulator', 'documents', worker.log, [0]);
    await worker.accumulator.runOnce();
    assert.equal(worker.accumulator.openLanes()[0]?.items, 2);
    fleet.cluster.assign('accumulator', 'documents', worker.log, [0, 1]);
    await worker.accumulator.runOnce();
    assert.equal(worker.accumulator.openLanes()[0]?.items, 5);
  });
});

describe('Accumulator: documents that share a prefix', () => {
  const prefixOf = (name: string): string => `You are ${name}. `.padEnd(3_000, 'Read what follows with care. ');
  const lineOf = (index: number, name: string): string => asIsLine(`d-${index}`, { system: prefixOf(name) });
  const cache = { mode: 'on', holdBack: 0 } as const;

  /** How many kinds of documents each batch has. */
  async function kindsOf(fleet: TestFleet): Promise<number[]> {
    const kinds: number[] = [];
    for (const { bk } of fleet.journal('SEALED')) {
      const text = Buffer.from((await fleet.payloads.get(bk)) ?? []).toString();
      kinds.push(new Set(text.match(/You are \w+/g)).size);
    }
    return kinds;
  }

  async function enqueueMixed(fleet: TestFleet, names: readonly string[], count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      await fleet.enqueue(1, { value: lineOf(index, names[index % names.length] ?? '') });
    }
  }

  it('come together, where without a planner every batch has some of each', async () => {
    for (const [mode, expected] of [
      ['on', [1, 1, 1]],
      ['off', [3, 3, 3]],
    ] as const) {
      const { fleet, worker } = await setup({ lane: { itemsMax: 10 }, cache: { ...cache, mode } });
      await enqueueMixed(fleet, ['ada', 'bob', 'cyd'], 30);
      await worker.accumulator.runOnce();
      assert.deepEqual(sizes(fleet), [10, 10, 10]);
      assert.deepEqual(await kindsOf(fleet), expected, mode);
    }
  });

  it('wait for each other no longer than the age of the oldest document allows', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 10 }, cache });
    await enqueueMixed(fleet, ['ada', 'bob', 'cyd'], 15);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), []);
    await fleet.clock.advance(20_000);
    await enqueueMixed(fleet, ['dan'], 3);
    await worker.accumulator.runOnce();
    await fleet.clock.advance(9_999);
    await worker.accumulator.runOnce();
    assert.deepEqual(sizes(fleet), []);
    await fleet.clock.advance(1);
    await worker.accumulator.runOnce();
    const offsets = fleet.journal('SEALED').flatMap(({ items }) => items.map(([, offset]) => offset));
    for (let offset = 0; offset < 15; offset++) assert.ok(offsets.includes(offset), `${offset} of ${offsets}`);
  });

  it('wait for nobody when a deadline is near, or at the end of a finite input', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 10 }, cache });
    for (let index = 0; index < 24; index++) {
      await fleet.enqueue(1, { value: lineOf(index, index % 2 === 0 ? 'ada' : 'bob'), headers: ofRun('r') });
    }
    await worker.accumulator.runOnce();
    await fleet.endRun('r');
    await fleet.clock.advance(300);
    await worker.accumulator.runOnce();
    await worker.accumulator.runOnce();
    assert.equal(
      sizes(fleet).reduce((sum, size) => sum + size, 0),
      24,
    );
    const late = await setup({ lane: { itemsMax: 10 }, cache });
    const deadline = String(late.fleet.clock.now() + deadlineMarginMs + 5_000);
    await enqueueMixed(late.fleet, ['ada', 'bob'], 15);
    await late.fleet.enqueue(1, { value: lineOf(15, 'ada'), headers: { [headerNames.deadline]: deadline } });
    await late.worker.accumulator.runOnce();
    await late.fleet.clock.advance(5_000);
    await late.worker.accumulator.runOnce();
    const offsets = late.fleet.journal('SEALED').flatMap(({ items }) => items.map(([, offset]) => offset));
    assert.ok(offsets.includes(15), `${offsets}`);
  });

  it('hold no more than a few batches back, and nothing when there is no room', async () => {
    const { fleet, worker } = await setup({ lane: { itemsMax: 5 }, cache });
    await enqueueMixed(fleet, ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay'], 24);
    await worker.accumulator.runOnce();
    const [lane] = worker.accumulator.openLanes();
    assert.ok((lane?.items ?? 0) < 4 * 5, `${lane?.items}`);
  });
});

it('what waits in an open lane has bytes of its own: it does not hold on to the reply that it came in', async () => {
  const { fleet, worker } = await setup();
  const value = asIsLine('a');
  await fleet.enqueue(1, { value });
  await worker.accumulator.runOnce();
  // As the log's bytes are freed, in a test that can see it.
  for (const { value } of fleet.cluster.committed('documents', 0)) value?.fill(0);
  await fleet.clock.advance(30_000);
  await worker.accumulator.runOnce();
  const [document] =
    decodePayload((await fleet.payloads.get(fleet.journal('SEALED')[0]?.bk ?? '')) ?? new Uint8Array()) ?? [];
  assert.equal(Buffer.from(document?.value ?? []).toString(), value);
});

it('headers of strangers are neither kept nor stored', async () => {
  const { fleet, worker } = await setup({ lane: { itemsMax: 2 } });
  await fleet.enqueue(2, { headers: { theirs: 'x'.repeat(1_000_000) } });
  await worker.accumulator.runOnce();
  const payload = await fleet.payloads.get(fleet.journal('SEALED')[0]?.bk ?? '');
  assert.ok(payload && payload.byteLength < 1_000, `${payload?.byteLength}`);
});
