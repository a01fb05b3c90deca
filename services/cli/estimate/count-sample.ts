import type { TokenCount } from '#core/token-model.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { TokenCounter } from '#ports/token-counter.ts';
import type { FileEstimate } from './file-estimate.ts';

/** Few at a time: such calls are free, and limited by the minute. */
const countsAtOnce = 4;

export interface SampleCount {
  /** By model, to correct the calibration with. */
  counts: ReadonlyMap<string, readonly TokenCount[]>;
  counted: number;
  /** Requests that the provider would not count: it may refuse them as well when they are sent. */
  refused: number;
  /** Why the rest of the sample was not counted; null when all of it was. */
  stopped: string | null;
}

/** Has the provider count the sample of a file, and tells the file. What was counted before a failure counts. */
export async function countSample(estimate: FileEstimate, counter: TokenCounter): Promise<SampleCount> {
  const models = new Map(estimate.groups.map(({ name, model }) => [name, model]));
  const counts = new Map<string, TokenCount[]>();
  const left = [...estimate.sample.requests];
  const sum: SampleCount = { counts, counted: 0, refused: 0, stopped: null };
  const work = async (): Promise<void> => {
    for (let request = left.shift(); request && sum.stopped === null; request = left.shift()) {
      const { body, features, group } = request;
      const tokens = await counter.countTokens(body).catch(error => {
        if (!(error instanceof FlotillaError)) throw error;
        sum.stopped ??= error.why ?? error.message;
        return null;
      });
      if (tokens === null) sum.refused += sum.stopped === null ? 1 : 0;
      else {
        sum.counted += 1;
        estimate.counted(group, { features, tokens });
        const model = models.get(group) ?? '';
        counts.set(model, [...(counts.get(model) ?? []), { features, tokens }]);
      }
    }
  };
  await Promise.all(Array.from({ length: countsAtOnce }, work));
  return sum;
}
