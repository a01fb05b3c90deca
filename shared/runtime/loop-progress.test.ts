import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import { LoopProgress } from './loop-progress.ts';

const { signal } = new AbortController();

describe('LoopProgress', () => {
  it('names a loop whose round neither ends nor fails, and for how long', async () => {
    const clock = createManualClock();
    const progress = new LoopProgress(clock);
    const [short, long] = [1_000, 60_000].map(ms =>
      progress.watch({ name: `of ${ms}`, round: () => clock.sleep(ms) }).round(signal),
    );
    assert.deepEqual(progress.underWay(), ['of 1000', 'of 60000']);
    await clock.advance(30_000);
    await short;
    assert.deepEqual(progress.standing(30_000), [{ loop: 'of 60000', forMs: 30_000 }]);
    assert.deepEqual(progress.standing(30_001), []);
    await clock.advance(30_000);
    await long;
    assert.deepEqual([progress.rounds, progress.standing(0)], [2, []]);
  });

  it('counts a round that failed as one that ended', async () => {
    const progress = new LoopProgress(createManualClock());
    const failing = progress.watch({ name: 'x', round: () => Promise.reject(new Error('no')) });
    await assert.rejects(failing.round(signal));
    assert.deepEqual([progress.rounds, progress.underWay()], [1, []]);
  });
});
