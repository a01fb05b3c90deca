import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock, type ManualClock } from '#adapters/memory/create-manual-clock.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { createRecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { type Loop, runLoops, type Trouble } from './loop.ts';

interface Bundle {
  clock: ManualClock;
  stop(): Promise<void>;
  troubles: (Trouble | null)[];
  telemetry: ReturnType<typeof createRecordingTelemetry>;
}

function run(...loops: Loop[]): Bundle {
  const clock = createManualClock();
  const telemetry = createRecordingTelemetry();
  const stopping = new AbortController();
  const troubles: (Trouble | null)[] = [];
  const onTrouble = (_loop: Loop, trouble: Trouble | null): void => void troubles.push(trouble);
  const running = runLoops(loops, { clock, telemetry, signal: stopping.signal, onTrouble });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  return { clock, stop, troubles, telemetry };
}

describe('runLoops', () => {
  it('pauses longer after each failure in a row, up to ten seconds', async () => {
    const at: number[] = [];
    const round = async (): Promise<void> => {
      at.push(bundle.clock.monotonic());
      throw new FlotillaError('log-unavailable');
    };
    const bundle = run({ name: 'failing', round: () => Promise.resolve().then(round) });
    await bundle.clock.advance(60_000);
    await bundle.stop();
    assert.deepEqual(
      at.slice(1, 9).map((time, index) => time - (at[index] as number)),
      [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000],
    );
  });

  it('begins with short pauses again after a round that did not fail, and tells that it is over', async () => {
    let rounds = 0;
    const bundle: Bundle = run({
      name: 'flaky',
      async round(signal) {
        rounds += 1;
        if (rounds === 3) return;
        if (rounds > 3) return bundle.clock.sleep(1_000_000, signal);
        throw new Error('no');
      },
    });
    await bundle.clock.advance(2_000);
    assert.equal(rounds, 4);
    assert.deepEqual(
      bundle.troubles.map(trouble => trouble?.failures ?? null),
      [1, 2, null],
    );
    await bundle.stop();
  });

  it('a loop that fails does not slow down another', async () => {
    let rounds = 0;
    const bundle: Bundle = run(
      { name: 'failing', round: () => Promise.reject(new Error('no')) },
      {
        name: 'working',
        async round(signal) {
          rounds += 1;
          await bundle.clock.sleep(100, signal);
        },
      },
    );
    await bundle.clock.advance(10_000);
    await bundle.stop();
    assert.ok(rounds >= 100, `${rounds}`);
  });

  it('ends at once when stopped, also in a pause, and an error of stopping is no trouble', async () => {
    const bundle = run(
      { name: 'pausing', round: () => Promise.reject(new Error('no')) },
      {
        name: 'waiting',
        round: signal =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
      },
    );
    await bundle.clock.advance(50);
    const before = bundle.troubles.length;
    await bundle.stop();
    assert.equal(bundle.troubles.length, before);
    assert.equal(bundle.telemetry.counted('flotilla_loop_failures_total'), before);
  });
});
