import { unitsPerDollar } from '#core/money.ts';
import type { RunSnapshot } from './run-snapshot.ts';

/** A run in the middle of its work. */
export const middleOfRun: RunSnapshot = {
  run: 'r_8f2c01d7aa10',
  input: 'requests.jsonl',
  out: '/home/someone/answers.jsonl',
  deadLetters: '/home/someone/dead.jsonl',
  startedAt: Date.UTC(2026, 10, 23, 10, 0, 0),
  elapsedMs: 761_000,
  total: 10_000,
  isComplete: true,
  answered: { succeeded: 6_214, dead: 3 },
  reused: 0,
  byCause: { 'invalid-json': 2, refused: 1 },
  inLanes: 12,
  sealedWaiting: 3,
  atProvider: { batches: 19, items: 1_900 },
  creating: { batches: 1, oldestMs: 900 },
  releasing: 0,
  slowest: [
    { bk: 'abcdefgh2345', pid: 'msgbatch_01', ageMs: 660_000, items: 100 },
    { bk: 'bcdefghi3456', pid: 'msgbatch_02', ageMs: 540_000, items: 100 },
  ],
  reusing: 0,
  retrying: 71,
  retries: 74,
  batches: 83,
  cost: { billed: 9.41 * unitsPerDollar, individual: 18.78 * unitsPerDollar, projected: 15.1 * unitsPerDollar },
  cache: null,
  unpriced: 0,
  cap: 20 * unitsPerDollar,
  fullest: {
    scope: 'run:r_8f2c01d7aa10:money',
    period: 'total',
    of: 'total',
    limit: 20 * unitsPerDollar,
    used: 15.1 * unitsPerDollar,
  },
  parked: null,
  held: null,
  simulated: false,
  role: 'engine',
};

/** The same at its end, with every document answered. */
export const endOfRun: RunSnapshot = {
  ...middleOfRun,
  answered: { succeeded: 9_997, dead: 3 },
  inLanes: 0,
  sealedWaiting: 0,
  atProvider: { batches: 0, items: 0 },
  creating: { batches: 0, oldestMs: 0 },
  releasing: 0,
  slowest: [],
  retrying: 0,
  cost: { billed: 15.1 * unitsPerDollar, individual: 30 * unitsPerDollar, projected: 15.1 * unitsPerDollar },
};
