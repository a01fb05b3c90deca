import type { Timing } from '#core/timing.ts';
import type { Clock } from '#ports/clock.ts';
import type { Loop } from '#runtime/loop.ts';
import type { Sweeper } from './service.ts';

/** Sweeps at start, then every `sweepMs`. */
export const sweeperLoops = (
  sweeper: Sweeper,
  { clock, timing }: { clock: Clock; timing: Pick<Timing, 'sweepMs'> },
): Loop[] => [
  {
    name: 'sweeper',
    async round(signal) {
      await sweeper.runOnce();
      await clock.sleep(timing.sweepMs, signal);
    },
  },
];
