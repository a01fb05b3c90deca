import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '#ports/clock.ts';

export interface ClockFixture {
  clock: Clock;
  /** Lets time pass, as the clock sees it. */
  pass(ms: number): Promise<void>;
}

/** The contract of `#ports/clock.ts`, the same for every adapter. */
export function describeClock(name: string, make: () => ClockFixture): void {
  describe(`clock: ${name}`, () => {
    it('`now` is in ms since the epoch', () => {
      const { clock } = make();
      assert.ok(clock.now() > Date.UTC(2020, 0, 1));
      assert.ok(clock.now() < Date.UTC(2200, 0, 1));
    });

    it('`monotonic` never goes back, and moves with time', async () => {
      const { clock, pass } = make();
      const before = clock.monotonic();
      await pass(50);
      const after = clock.monotonic();
      assert.ok(after - before >= 45);
      assert.ok(clock.monotonic() >= after);
    });

    it('`sleep` resolves after its time, the shorter before the longer', async () => {
      const { clock, pass } = make();
      const woken: string[] = [];
      const start = clock.monotonic();
      const sleeps = [
        clock.sleep(120).then(() => woken.push('long')),
        clock.sleep(40).then(() => {
          woken.push('short');
          assert.ok(clock.monotonic() - start >= 35);
        }),
        clock.sleep(0).then(() => woken.push('none')),
      ];
      await pass(10);
      assert.ok(!woken.includes('short'));
      await pass(500);
      await Promise.all(sleeps);
      assert.deepEqual(woken, ['none', 'short', 'long']);
    });

    it('`sleep` resolves at once when aborted, before or during it, and never rejects', async () => {
      const { clock } = make();
      const controller = new AbortController();
      const sleeping = clock.sleep(3_600_000, controller.signal);
      controller.abort();
      await sleeping;
      await clock.sleep(3_600_000, controller.signal);
    });

    it('`sleep` may take longer than a timer of Node', async () => {
      const { clock, pass } = make();
      const controller = new AbortController();
      let isAwake = false;
      const sleeping = clock.sleep(40 * 24 * 3_600_000, controller.signal).then(() => {
        isAwake = true;
      });
      await pass(20);
      assert.ok(!isAwake);
      controller.abort();
      await sleeping;
    });
  });
}
