import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ParkedWatch } from './parked-watch.ts';
import type { RunSnapshot } from './run-snapshot.ts';
import { middleOfRun } from './snapshot-for-tests.ts';

const parkedRun = (more: Partial<RunSnapshot>): RunSnapshot => ({
  ...middleOfRun,
  isComplete: true,
  total: 100,
  answered: { succeeded: 90, dead: 0 },
  inLanes: 0,
  atProvider: { batches: 0, items: 0 },
  creating: { batches: 0, oldestMs: 0 },
  retrying: 0,
  releasing: 0,
  parked: { count: 10, why: 'no room', isOwn: true },
  ...more,
});

describe('ParkedWatch', () => {
  it('ends a run at once when all its open documents are parked', () => {
    assert.equal(new ParkedWatch().isOnlyParkedLeft(parkedRun({})), true);
  });

  it('waits while something of it is at the provider or on its way there, in a lane or due again, or a reserve comes back', () => {
    const atProvider = { batches: 1, items: 1 };
    const creating = { batches: 1, oldestMs: 60_000 };
    const others = [{ inLanes: 1 }, { retrying: 1 }, { releasing: 1 }, { parked: null }];
    for (const more of [{ atProvider }, { creating }, ...others]) {
      assert.equal(new ParkedWatch().isOnlyParkedLeft(parkedRun(more)), false);
    }
  });

  it('ends a run whose parked batches keep the rest of it from being read, once nothing moves any more', () => {
    const watch = new ParkedWatch();
    const at = (elapsedMs: number, more: Partial<RunSnapshot> = {}) =>
      watch.isOnlyParkedLeft(parkedRun({ total: 1_000, elapsedMs, ...more }));
    assert.equal(at(0), false);
    assert.equal(at(250), false);
    assert.equal(at(2_000, { inLanes: 5 }), false);
    assert.equal(at(2_250), false);
    assert.equal(at(5_000), false);
    assert.equal(at(5_250), true);
  });

  it('waits longer where the engine is another process: its lanes are not seen', () => {
    const watch = new ParkedWatch();
    const at = (elapsedMs: number) => watch.isOnlyParkedLeft(parkedRun({ total: 1_000, elapsedMs, role: 'attached' }));
    at(0);
    at(250);
    assert.equal(at(30_250), false);
    assert.equal(at(40_250), true);
  });
});
