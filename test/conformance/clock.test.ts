import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { describeClock } from './clock.ts';

describeClock('system', () => ({ clock: systemClock, pass: ms => systemClock.sleep(ms) }));
describeClock('manual', () => {
  const clock = createManualClock();
  return { clock, pass: ms => clock.advance(ms) };
});

describe('manual clock', () => {
  it('wakes sleepers in order, each at its own time, and those they begin on waking', async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const woken: number[] = [];
    const every = async (ms: number): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await clock.sleep(ms);
        woken.push(clock.monotonic());
      }
    };
    const all = Promise.all([every(30), every(20)]);
    await clock.advance(100);
    await all;
    assert.deepEqual(woken, [20, 30, 40, 60, 60, 90]);
    assert.equal(clock.monotonic(), 100);
    assert.equal(clock.now(), Date.UTC(2026, 0, 1) + 100);
  });

  it('jumps its wall clock alone', async () => {
    const clock = createManualClock(1_000);
    clock.jump(-500);
    await clock.advance(10);
    assert.equal(clock.now(), 510);
    assert.equal(clock.monotonic(), 10);
  });
});
