import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FaultInjector } from './fault-injector.ts';

describe('FaultInjector', () => {
  it('fires at the named calls, and counts', () => {
    const faults = new FaultInjector({ plan: { 'list-503': { calls: [2, 4] } }, seed: 1 });
    const fired = [1, 2, 3, 4, 5].map(() => faults.fires('list-503') !== null);
    assert.deepEqual(fired, [false, true, false, true, false]);
    assert.deepEqual(faults.counts(), { 'list-503': 2 });
  });

  it('fires with about the probability, the same from the same seed, at most so often', () => {
    const plan = { 'item-transient': { probability: 0.2 }, 'item-refusal': { probability: 1, timesMax: 3 } };
    const run = () => {
      const faults = new FaultInjector({ plan, seed: 3 });
      const drawn = Array.from({ length: 2_000 }, (_, index) => faults.fires('item-transient', 1, index) !== null);
      for (let index = 0; index < 10; index += 1) faults.fires('item-refusal', index);
      return { drawn, counts: faults.counts() };
    };
    const { drawn, counts } = run();
    assert.deepEqual(run().drawn, drawn);
    assert.ok(Math.abs((counts['item-transient'] ?? 0) - 400) < 80, String(counts['item-transient']));
    assert.equal(counts['item-refusal'], 3);
  });

  it('spoils fewer reads of one batch than prove a loss', () => {
    const faults = new FaultInjector({ plan: { 'results-short-read': { probability: 1 } }, seed: 1 });
    const fired = Array.from({ length: 9 }, () => faults.firesOnRead('results-short-read', 'b') !== null);
    assert.equal(fired.filter(Boolean).length, 2);
    assert.ok(faults.firesOnRead('results-short-read', 'other'));
  });

  it('goes on counting where it was after a restart', () => {
    const plan = { 'create-accept-then-drop': { calls: [2] } };
    const before = new FaultInjector({ plan, seed: 1 });
    before.fires('create-accept-then-drop');
    const after = new FaultInjector({ plan, seed: 1 });
    after.restore(before.counters());
    assert.ok(after.fires('create-accept-then-drop'));
    assert.equal(after.fires('create-accept-then-drop'), null);
  });
});
