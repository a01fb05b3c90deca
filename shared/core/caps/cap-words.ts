import { type CapProgress, shareOf } from '../cost-report/cost-caps.ts';
import { formatDollars } from '../money.ts';
import { type ParkedFigures, priceUnknown } from './cap-parked.ts';
import { periodInWords, scopeInWords } from './cap-scopes.ts';

/** `task classify a day (2026-11-24): $ 0.0405 of $ 0.0500 spent and reserved, 81 %`. Names are as they came. */
export function capInWords(cap: CapProgress): string {
  const { scope, period, of, limit, used } = cap;
  const when = period === 'total' ? periodInWords.total : `${periodInWords[period]} (${of})`;
  const share = Number.isFinite(shareOf(cap)) ? `, ${Math.floor(shareOf(cap) * 100)} %` : '';
  return `${scopeInWords(scope)} ${when}: ${formatDollars(used)} of ${formatDollars(limit)} spent and reserved${share}`;
}

/** `no room under the cap of task classify a day`. */
export function holdInWords({ scope, period }: Pick<ParkedFigures, 'scope' | 'period'>): string {
  if (scope === priceUnknown) return 'the price of their model is unknown, and a cap is in force';
  return `no room under the cap of ${scopeInWords(scope)}${period === null ? '' : ` ${periodInWords[period]}`}`;
}
