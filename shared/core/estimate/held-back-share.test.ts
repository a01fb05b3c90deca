import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldBackShare } from './held-back-share.ts';

/** How many of so many batches are held back at most in half of all draws. */
function medianOf(batches: number, chance: number): number {
  let term = (1 - chance) ** batches;
  let [below, count] = [term, 0];
  while (below < 0.5) {
    term *= ((batches - count) / (count + 1)) * (chance / (1 - chance));
    count += 1;
    below += term;
  }
  return count;
}

describe('heldBackShare', () => {
  it('is the middle of what chance holds back', () => {
    for (const batches of [1, 3, 10, 30, 35, 60, 100, 333, 1_000]) {
      for (const chance of [0, 0.005, 0.02, 0.1]) {
        const held = heldBackShare(batches, chance) * batches;
        assert.ok(Math.abs(held - medianOf(batches, chance)) < 1e-9, `${held} of ${batches} at ${chance}`);
      }
    }
  });

  it('is nothing of no batch', () => assert.equal(heldBackShare(0, 0.02), 0));
});
