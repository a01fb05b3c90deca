import type { Role } from '#contracts/roles.ts';

/** Two of each that scales, and one process that does all: any of them may be the one that is missing. */
export const workersOfSix: readonly (readonly Role[])[] = [
  ['accumulator'],
  ['accumulator'],
  ['submitter'],
  ['submitter'],
  ['poller', 'sweeper'],
  ['poller', 'sweeper'],
];

/** For the short runs: fewer processes, the same roles twice. */
export const workersOfThree: readonly (readonly Role[])[] = [
  ['accumulator', 'submitter'],
  ['poller', 'sweeper'],
  ['accumulator', 'submitter', 'poller', 'sweeper'],
];

/** What a network and a provider do to creates, lists, items and results. */
export const providerFaults = {
  'create-accept-then-drop': { probability: 0.01 },
  'create-accept-then-502': { probability: 0.01 },
  'create-drop-before': { probability: 0.01 },
  'create-refuse-529': { probability: 0.01 },
  'list-503': { probability: 0.02 },
  'item-transient': { probability: 0.002 },
  'item-invalid-output': { probability: 0.0005 },
  'results-short-read': { probability: 0.02 },
  'results-cut-mid-line': { probability: 0.02 },
  'results-reset': { probability: 0.02 },
  'results-duplicate-line': { probability: 0.02 },
  'results-503': { probability: 0.02 },
};

/** Where what is under test lies elsewhere, and every create that was sent has to show. */
export const noProviderFaults = {};
