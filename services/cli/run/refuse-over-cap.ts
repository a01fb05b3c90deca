import { formatDollars, type Money } from '#core/money.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { FileEstimate } from '../estimate/file-estimate.ts';

/**
 * Nothing is appended when even the least that a file can cost exceeds the cap.
 * @throws FlotillaError budget-exceeded
 */
export function refuseOverCap({ costMin }: FileEstimate, { input, cap }: { input: string; cap: Money }): void {
  if (costMin <= cap) return;
  const why = `it costs at least ${formatDollars(costMin)}, and the cap is ${formatDollars(cap)}`;
  throw new FlotillaError('budget-exceeded', { where: input, why });
}
