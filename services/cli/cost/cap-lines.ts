import { type ParkedFigures, priceUnknown } from '#core/cap-parked.ts';
import { periodInWords, scopeInWords } from '#core/cap-scopes.ts';
import type { CapProgress } from '#core/cost-caps.ts';
import { shareOf } from '#core/cost-caps.ts';
import { formatDollars } from '#core/money.ts';
import { oneLine } from '../terminal/fit-text.ts';
import { countOf } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

/** `task classify a day (2026-11-24): $ 0.04 of $ 0.05, 81 %`. */
export function capInWords(cap: CapProgress): string {
  const { scope, period, of, limit, used } = cap;
  const when = period === 'total' ? periodInWords.total : `${periodInWords[period]} (${of})`;
  const share = Number.isFinite(shareOf(cap)) ? `, ${Math.floor(shareOf(cap) * 100)} %` : '';
  return `${scopeInWords(scope)} ${when}: ${formatDollars(used)} of ${formatDollars(limit)}${share}`;
}

/** `no room under the cap of task classify a day`. */
export function holdInWords({ scope, period }: Pick<ParkedFigures, 'scope' | 'period'>): string {
  if (scope === priceUnknown) return 'the price of their model is unknown, and a cap is in force';
  return `no room under the cap of ${scopeInWords(scope)}${period === null ? '' : ` ${periodInWords[period]}`}`;
}

/** Batches that wait before their create, by the cap that holds them. */
export const parkedLines = (parked: readonly ParkedFigures[], { paint, glyphs }: TerminalLook): string[] =>
  parked.map(held => {
    const what = `${countOf(held.batches, 'batch')} (${countOf(held.documents, 'document')})`;
    return paint('yellow', `  ${glyphs.paused} ${what} parked: ${oneLine(holdInWords(held))}`);
  });
