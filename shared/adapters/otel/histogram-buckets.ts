/** From a millisecond to two minutes: jobs, and calls to a provider. */
const workSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** From a second to the five days that a document may wait; a provider's own bound is 24 hours. */
const waitSeconds = [0.1, 0.5, 1, 5, 15, 30, 60, 300, 900, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 86_400, 432_000];
const ratio = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1];

const waits: ReadonlySet<string> = new Set(['flotilla_stage_seconds', 'flotilla_work_wait_seconds']);

/** Upper bounds of a histogram's buckets, in its unit. */
export function bucketsOf(name: string): number[] {
  if (name.endsWith('_ratio')) return ratio;
  return waits.has(name) ? waitSeconds : workSeconds;
}
