import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Watchdog } from './watchdog.ts';

const place = { topic: 'documents', partition: 3 };

function setup({ readableTo = 10 as number | null } = {}) {
  const state = { now: 0, readableTo };
  const watchdog = new Watchdog({
    stalledMs: 60_000,
    monotonic: () => state.now,
    readableTo: async () => state.readableTo ?? Promise.reject(new Error('no broker')),
  });
  watchdog.close();
  /** A reader that asks every second, and is answered at once. */
  const readFor = async (ms: number, offset: number): Promise<void> => {
    for (let at = 0; at < ms; at += 1_000) {
      watchdog.asks(place, offset)();
      if (at % 10_000 === 0) await watchdog.check();
      state.now += 1_000;
    }
  };
  return { state, watchdog, readFor };
}

describe('Watchdog', () => {
  it('K4 calls a reader stuck that asks and asks for what is there, and says where', async () => {
    const { watchdog, readFor } = setup();
    await readFor(59_000, 7);
    assert.equal(watchdog.health().isHealthy, true);
    await readFor(5_000, 7);
    const { isHealthy, why } = watchdog.health();
    assert.equal(isHealthy, false);
    assert.equal(why, 'documents/3 stands at 7 of 10 for 64 s');
  });

  it('K4 calls a reader stuck whose call never comes back', async () => {
    const { watchdog, state } = setup();
    watchdog.asks(place, 7);
    await watchdog.check();
    state.now = 70_000;
    assert.equal(watchdog.health().isHealthy, false);
  });

  it('is content with a reader that moves, however slowly', async () => {
    const { watchdog, readFor } = setup({ readableTo: 1_000_000 });
    for (let offset = 0; offset < 10; offset++) await readFor(50_000, offset);
    assert.equal(watchdog.health().isHealthy, true);
  });

  it('is content with a reader that waits at the end', async () => {
    const { watchdog, readFor, state } = setup();
    await readFor(200_000, 10);
    assert.equal(watchdog.health().isHealthy, true);
    state.readableTo = 11;
    await readFor(50_000, 10);
    assert.equal(watchdog.health().isHealthy, true, 'what has just come is no old debt');
  });

  it('is content with a reader that has paused: back-pressure is no fault', async () => {
    const { watchdog, readFor, state } = setup();
    await readFor(20_000, 7);
    state.now += 600_000;
    await watchdog.check();
    assert.equal(watchdog.health().isHealthy, true);
    await readFor(50_000, 7);
    assert.equal(watchdog.health().isHealthy, true, 'and begins anew when it goes on');
  });

  it('is content with a reader that is told of what is there and leaves it for long: it waits for room, or for its turn', async () => {
    const { watchdog, state } = setup();
    for (let second = 0; second < 600; second++) {
      watchdog.asks(place, 7)({ isThere: true });
      if (second % 10 === 0) await watchdog.check();
      state.now += 1_000;
    }
    assert.equal(watchdog.health().isHealthy, true);
  });

  it('K4 is not content because another call was told, while one never comes back', async () => {
    const { watchdog, state } = setup();
    watchdog.asks(place, 7);
    for (let second = 0; second < 70; second++) {
      watchdog.asks(place, 7)({ isThere: true });
      if (second % 10 === 0) await watchdog.check();
      state.now += 1_000;
    }
    assert.equal(watchdog.health().isHealthy, false);
  });

  it('does not blame a reader while no broker answers', async () => {
    const { watchdog, readFor } = setup({ readableTo: null });
    await readFor(600_000, 7);
    assert.equal(watchdog.health().isHealthy, true);
  });

  it('tells how far each reader has come', async () => {
    const { watchdog, readFor } = setup();
    await readFor(1_000, 7);
    assert.deepEqual(watchdog.health().progress, [{ ...place, offset: 7, readableTo: 10 }]);
  });
});
