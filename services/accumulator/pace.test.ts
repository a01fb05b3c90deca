import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readyBatchesMax } from '#core/limits.ts';
import { TestFleet } from '#test/support/test-fleet.ts';

async function setup() {
  const fleet = new TestFleet({ lane: { itemsMax: 2 } });
  const ready = { batches: readyBatchesMax };
  const worker = await fleet.worker({ readyBatches: () => ready.batches });
  await fleet.enqueue(4);
  return { fleet, worker, ready };
}

describe('Accumulator: pace', () => {
  it('reads nothing while enough batches wait for their create, and goes on below that', async () => {
    const { fleet, worker, ready } = await setup();
    assert.equal(await worker.accumulator.runOnce(), false);
    assert.equal(fleet.journal('SEALED').length, 0);
    ready.batches = readyBatchesMax - 1;
    await worker.accumulator.runOnce();
    assert.equal(fleet.journal('SEALED').length, 2);
  });

  it('K4 reads every partition in its turn when there is only ever room for one: none waits until the others are done', async () => {
    const fleet = new TestFleet({ documentPartitions: 4, lane: { itemsMax: 1_000 } });
    let room = 0;
    const readyBatches = (): number => (room-- > 0 ? readyBatchesMax - 1 : readyBatchesMax);
    const { accumulator } = await fleet.worker({ readyBatches });
    for (let partition = 0; partition < 4; partition++) await fleet.enqueue(4_000, { partition });
    const sealedFrom = (): number[] => fleet.journal('SEALED').map(({ items }) => items[0]?.[0] ?? -1);
    for (let batches = 1; batches <= 8; batches++) {
      room = 1;
      await accumulator.runOnce();
      room = 0;
      await accumulator.runOnce();
    }
    assert.deepEqual(sealedFrom(), [0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it('looks again when the journal has grown, for that may have made room', async () => {
    const { fleet, worker } = await setup();
    await worker.accumulator.runOnce();
    const waiting = worker.accumulator.waitForWork(new AbortController().signal);
    await fleet.append({ kind: 'CANCEL', run: 'r_1' });
    await waiting;
  });
});
