import type { Loop } from '#runtime/loop.ts';
import type { Submitter } from './service.ts';

const takeWaitMs = 5_000;

/**
 * Twice as many as creates: while one is under way the next is made ready, and the last one's reply is written down.
 * @param createsAtOnce create calls that may be under way side by side
 */
export const submitterLoops = (submitter: Submitter, createsAtOnce: number): Loop[] =>
  Array.from({ length: 2 * createsAtOnce }, () => ({
    name: 'submitter',
    round: async signal => void (await submitter.runOnce({ waitMs: takeWaitMs, signal })),
  }));
