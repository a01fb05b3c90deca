import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { createMemoryWorkQueue } from '#adapters/memory/create-memory-work-queue.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { describeWorkQueue } from './work-queue.ts';

describeWorkQueue('memory', async () => {
  const clock = createManualClock();
  return { queue: createMemoryWorkQueue({ clock }), pass: ms => clock.advance(ms), close: async () => {} };
});

describeWorkQueue('memory, in real time', async () => ({
  queue: createMemoryWorkQueue({ clock: systemClock }),
  pass: ms => systemClock.sleep(ms),
  close: async () => {},
}));

describe('memory work queue', () => {
  it('leaves no timer behind when nobody waits', async () => {
    const clock = createManualClock();
    const queue = createMemoryWorkQueue({ clock });
    await queue.add({ queue: 'submit', id: 'later', delayMs: 1_000 });
    assert.equal(clock.sleepers(), 0);
    const taking = queue.take('submit', { limit: 1, lockMs: 1_000, waitMs: 5_000 });
    assert.ok(clock.sleepers() > 0);
    await clock.advance(1_000);
    assert.equal((await taking).length, 1);
    assert.equal(clock.sleepers(), 0);
  });

  it('drops what is beyond its bound, and counts it', async () => {
    const queue = createMemoryWorkQueue({ clock: createManualClock(), depthMax: 2 });
    for (const id of ['a', 'b', 'c', 'a']) await queue.add({ queue: 'submit', id });
    assert.equal(queue.dropped(), 1);
    assert.equal((await queue.depths()).submit, 2);
  });
});
