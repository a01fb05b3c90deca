import type { Loop } from '#runtime/loop.ts';
import type { Submitter } from './service.ts';

const takeWaitMs = 5_000;

/** @param createsAtOnce create calls that may be under way side by side */
export const submitterLoops = (submitter: Submitter, createsAtOnce: number): Loop[] =>
  Array.from({ length: createsAtOnce }, () => ({
    name: 'submitter',
    round: async signal => void (await submitter.runOnce({ waitMs: takeWaitMs, signal })),
  }));
