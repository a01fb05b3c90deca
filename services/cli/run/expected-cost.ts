import { statSync } from 'node:fs';
import type { Log } from '#ports/log.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { learnFromAnswers } from '#runtime/learn-from-answers.ts';
import { countedSample, sampleByDefault } from '../estimate/counted-sample.ts';
import { estimateReport } from '../estimate/estimate-report.ts';
import type { FileEstimate } from '../estimate/file-estimate.ts';
import { estimateFile } from '../input/estimate-file.ts';
import type { ExpectedCost } from './projected-cost.ts';

/** A longer file is not read twice for a figure on a panel: its first batch says it nearly as well. */
const bytesMax = 4 * 1024 * 1024;

/** A run's input, read once before it is appended: for a cap always, else when it is short. */
export async function readForPrice(options: {
  input: string;
  task: string | null;
  loaded: LoadedConfig;
  isCapped: boolean;
}): Promise<FileEstimate | null> {
  const { input, task, loaded, isCapped } = options;
  const isShort = (statSync(input, { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY) <= bytesMax;
  return isCapped || isShort ? estimateFile({ input, task, loaded, sampleMax: sampleByDefault(loaded) }) : null;
}

/** What the run is expected to cost; null when nothing in it has a known price. Works beside the run, and never fails it. */
export async function expectedCost(
  file: FileEstimate | null,
  { loaded, log }: { loaded: LoadedConfig; log: Log },
): Promise<ExpectedCost | null> {
  if (!file) return null;
  try {
    // Without a key the sample is counted in this process; with one it is empty, for a run asks nobody anything twice.
    const calibration = await learnFromAnswers(log);
    const sample = await countedSample(file, loaded, calibration);
    const { sum, documents } = estimateReport(file, { calibration, sample });
    return sum.cost && { cost: sum.cost.expected, documents: documents + file.rejected };
  } catch {
    return null;
  }
}
