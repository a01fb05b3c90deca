import { formatDollars, type Nanodollars } from '#core/money.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { estimateFile } from '../input/estimate-file.ts';

/**
 * Nothing is appended when even the low estimate exceeds the cap.
 * @throws FlotillaError budget-exceeded
 */
export async function refuseOverCap(options: {
  input: string;
  task: string | null;
  cap: Nanodollars;
  loaded: LoadedConfig;
}): Promise<void> {
  const { input, task, cap, loaded } = options;
  const estimate = await estimateFile({ input, task, loaded });
  if (estimate.batch.low <= cap) return;
  const why = `it costs at least ${formatDollars(estimate.batch.low)}, and the cap is ${formatDollars(cap)}`;
  throw new FlotillaError('budget-exceeded', { where: input, why });
}
