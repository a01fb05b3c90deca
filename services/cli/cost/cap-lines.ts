import { holdInWords } from '#core/caps/cap-words.ts';
import type { CapProgress } from '#core/cost-report/cost-caps.ts';
import { decimalDollars } from '#core/money.ts';
import type { Parked } from '#runtime/parked-batches.ts';
import { oneLine } from '../terminal/fit-text.ts';
import { countOf } from '../terminal/format-count.ts';

/** `40 documents, no room under the cap of task classify a day`, for each cap that holds some. */
export function parkedTexts({ held, unread }: Parked): string[] {
  const texts = held.map(each => `${countOf(each.documents, 'document')}, ${oneLine(holdInWords(each))}`);
  return unread > 0 ? [...texts, `and ${countOf(unread, 'waiting batch')} that were not looked at`] : texts;
}

/** For programs. */
export const capJson = ({ scope, period, of, limit, used }: CapProgress): Record<string, unknown> => {
  return { scope, period, of, limitUsd: decimalDollars(limit), usedUsd: decimalDollars(used) };
};

export const parkedJson = ({ held, unread }: Parked): Record<string, unknown> => ({
  parked: held.map(each => ({ ...each, why: holdInWords(each) })),
  parkedUnread: unread,
});
