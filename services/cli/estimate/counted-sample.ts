import type { Calibration } from '#core/estimate/calibration.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { openTokenCounter } from '../open-token-counter.ts';
import { countSample, type SampleCount } from './count-sample.ts';
import type { FileEstimate } from './file-estimate.ts';

/** Without a key the simulator counts, here and for nothing. */
const countedWhenSimulated = 100;

/** Requests that are counted unless somebody says how many: none where that is a call over the network. */
export const sampleByDefault = ({ account }: LoadedConfig): number => (account === null ? countedWhenSimulated : 0);

/** The sample of a file, as far as whoever would answer it can count it; null without a sample. */
export async function countedSample(
  file: FileEstimate,
  settings: LoadedConfig,
  calibration: Calibration,
): Promise<SampleCount | null> {
  if (file.sample.requests.length === 0) return null;
  const counter = await openTokenCounter(settings);
  try {
    return await countSample(file, counter, calibration);
  } finally {
    await counter.close();
  }
}
