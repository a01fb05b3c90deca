import type { ParkedFigures } from '#core/cap-parked.ts';
import { holdInWords } from '#core/cap-words.ts';
import type { CapProgress } from '#core/cost-caps.ts';
import { decimalDollars } from '#core/money.ts';
import { oneLine } from '../terminal/fit-text.ts';
import { countOf } from '../terminal/format-count.ts';

/** `40 documents, no room under the cap of task classify a day`, for each cap that holds some. */
export const parkedTexts = (parked: readonly ParkedFigures[]): string[] =>
  parked.map(held => `${countOf(held.documents, 'document')}, ${oneLine(holdInWords(held))}`);

/** For programs. */
export const capJson = ({ scope, period, of, limit, used }: CapProgress): Record<string, unknown> => {
  return { scope, period, of, limitUsd: decimalDollars(limit), usedUsd: decimalDollars(used) };
};
