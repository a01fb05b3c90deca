import type { Calibration, SeenCache, TriedAnswer } from '#core/estimate/calibration.ts';
import { coldCalibration } from '#core/estimate/calibration.ts';
import type { TokenCount } from '#core/estimate/token-model.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { TokenCounter } from '#ports/token-counter.ts';
import type { FileEstimate } from './file-estimate.ts';
import type { SampledRequest } from './request-sample.ts';
import { tryCache } from './try-cache.ts';

/** Few at a time: such calls are free, and limited by the minute. */
const countsAtOnce = 4;

export interface SampleCount {
  /** By model, to correct the calibration with. */
  counts: ReadonlyMap<string, readonly TokenCount[]>;
  counted: number;
  /** Answers that a simulator gave for nothing. */
  tried: readonly TriedAnswer[];
  /** What it billed for nothing for batches of them, where no bill is known. */
  cached: readonly SeenCache[];
  /** Requests that the provider would not count: it may refuse them as well when they are sent. */
  refused: number;
  /** Why the rest of the sample was not counted; null when all of it was. */
  stopped: string | null;
}

/**
 * Has the provider count the sample of a file, and tells the file. What was counted before a failure counts.
 * @param calibration what bills have told before
 */
export async function countSample(
  estimate: FileEstimate,
  counter: TokenCounter,
  calibration: Calibration = coldCalibration,
): Promise<SampleCount> {
  const groups = new Map(estimate.groups.map(group => [group.name, group]));
  const counts = new Map<string, TokenCount[]>();
  const tried: TriedAnswer[] = [];
  const left = [...estimate.sample.requests];
  const sum: SampleCount = { counts, counted: 0, tried, cached: [], refused: 0, stopped: null };
  const count = async ({ body, features, group: name }: SampledRequest): Promise<void> => {
    const group = groups.get(name);
    const tokens = await counter.countTokens(body);
    if (!group || tokens === null) {
      sum.refused += 1;
      return;
    }
    sum.counted += 1;
    estimate.counted(name, { features, tokens });
    counts.set(group.model, [...(counts.get(group.model) ?? []), { features, tokens }]);
    const answer = await counter.tryAnswer?.(body);
    if (typeof answer === 'number') tried.push({ key: group.key, length: group.length, tokens: answer });
  };
  const work = async (): Promise<void> => {
    for (let request = left.shift(); request && sum.stopped === null; request = left.shift()) {
      try {
        await count(request);
      } catch (error) {
        if (!(error instanceof FlotillaError)) throw error;
        sum.stopped ??= error.why ?? error.message;
      }
    }
  };
  await Promise.all(Array.from({ length: countsAtOnce }, work));
  const { tryBatches } = counter;
  if (tryBatches) sum.cached = await tryCache(estimate, { tryBatches, calibration });
  return sum;
}
