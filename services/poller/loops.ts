import type { Loop } from '#runtime/loop.ts';
import type { Collector } from './collector.ts';
import type { Watcher } from './watcher.ts';

const takeWaitMs = 5_000;

/** @param options.collectsAtOnce batches that may be read and settled side by side */
export function pollerLoops(options: {
  watchers: readonly Watcher[];
  collector: Collector;
  collectsAtOnce: number;
}): Loop[] {
  const looks = options.watchers.map(
    watcher => ({ name: 'look', round: signal => watcher.runWhenDue(signal) }) as Loop,
  );
  const collects = Array.from({ length: options.collectsAtOnce }, (): Loop => {
    return {
      name: 'collect',
      round: async signal => void (await options.collector.runOnce({ waitMs: takeWaitMs, signal })),
    };
  });
  return [...looks, ...collects];
}
