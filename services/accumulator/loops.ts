import type { Loop } from '#runtime/loop.ts';
import type { Accumulator } from './service.ts';

export const accumulatorLoops = (accumulator: Accumulator): Loop[] => [
  {
    name: 'accumulator',
    async round(signal) {
      const hasMore = await accumulator.runOnce();
      if (!hasMore) await accumulator.waitForWork(signal);
    },
  },
];
