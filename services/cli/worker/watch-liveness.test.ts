import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock } from '#adapters/memory/create-manual-clock.ts';
import type { Readiness } from '../health/health-server.ts';
import { watchLiveness } from './watch-liveness.ts';

const well: Readiness = { name: 'loops', isOk: true, found: '7 rounds' };
const stuck: Readiness = { name: 'kafka', isOk: false, found: 'nothing was read for 120 s' };

function setup() {
  const clock = createManualClock();
  const stopping = new AbortController();
  const now = { is: [well] as readonly Readiness[] };
  const watched = watchLiveness(() => now.is, { clock, signal: stopping.signal });
  let ended: string | null | undefined;
  void watched.then(why => {
    ended = why;
  });
  const pass = async (seconds: number): Promise<string | null | undefined> => {
    for (let second = 0; second < seconds; second++) await clock.advance(1_000);
    return ended;
  };
  return { now, stopping, pass, watched };
}

describe('watchLiveness', () => {
  it('gives up what is stuck for ten seconds in a row, and says why', async () => {
    const { now, pass } = setup();
    assert.equal(await pass(60), undefined);
    now.is = [well, stuck];
    assert.equal(await pass(9), undefined);
    assert.equal(await pass(3), 'kafka: nothing was read for 120 s');
  });

  it('forgets what became well again', async () => {
    const { now, pass } = setup();
    now.is = [stuck];
    await pass(8);
    now.is = [well];
    await pass(2);
    now.is = [stuck];
    assert.equal(await pass(8), undefined);
  });

  it('has nothing to say when it is told to stop', async () => {
    const { now, stopping, watched } = setup();
    now.is = [stuck];
    stopping.abort();
    assert.equal(await watched, null);
  });
});
