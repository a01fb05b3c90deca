import { addCacheBills, isCacheKnown, noCacheBill, sumOfBills } from '#core/estimate/cache-model.ts';
import type { Calibration } from '#core/estimate/calibration.ts';
import type { RequestGroup } from '#core/estimate/estimate.ts';
import { formatDollars, type Nanodollars } from '#core/money.ts';
import { countOf } from '../terminal/format-count.ts';

/** What the expected cost has in it of the prompt cache. `unknown`: it is left out, and may lower the bill. */
export interface CacheBasis {
  label: 'learned' | 'unknown' | 'none';
  /** Answers that were marked like these documents, and the share of their input, 0 to 1, that was read from the cache. */
  learnedFrom: number;
  readShare: number | null;
  /** By what is expected of them: as those answers; nothing yet, though they are marked; nothing. */
  documents: { learned: number; ownMarkers: number; planned: number; none: number };
  /** Nanodollars that the planner expects to take off the documents that nothing was learned of. */
  mayLower: Nanodollars;
}

/** @param savings as `FileEstimate.plannedSavings` */
export function cacheBasis(
  groups: readonly RequestGroup[],
  { calibration, savings }: { calibration: Calibration; savings: ReadonlyMap<string, Nanodollars> },
): CacheBasis {
  const documents = { learned: 0, ownMarkers: 0, planned: 0, none: 0 };
  const keys = new Set<string>();
  let mayLower = 0;
  for (const { name, documents: count, cache } of groups) {
    const isKnown = isCacheKnown(calibration.cacheOf(cache.key));
    const saving = Math.max(0, savings.get(name) ?? 0);
    if (isKnown) keys.add(cache.key);
    else mayLower += saving;
    const isLeftOut = cache.by === 'producer' ? 'ownMarkers' : saving > 0 ? 'planned' : 'none';
    documents[isKnown ? 'learned' : isLeftOut] += count;
  }
  const seen = [...keys].map(key => sumOfBills(calibration.cacheOf(key).values())).reduce(addCacheBills, noCacheBill);
  const isUnknown = documents.ownMarkers + documents.planned > 0;
  return {
    label: isUnknown ? 'unknown' : documents.learned > 0 ? 'learned' : 'none',
    learnedFrom: seen.answers,
    readShare: seen.inputTokens === 0 ? null : seen.readTokens / seen.inputTokens,
    documents,
    mayLower,
  };
}

export function cacheInWords({ learnedFrom, readShare, documents, mayLower }: CacheBasis): string {
  const { learned, ownMarkers, planned } = documents;
  const read = `${Math.round((readShare ?? 0) * 100)} %`;
  const less = formatDollars(Math.round(mayLower));
  const leftOut = [
    ...(planned > 0
      ? [`${countOf(planned, 'document')} that will be marked (about ${less} less, says the planner)`]
      : []),
    ...(ownMarkers > 0 ? [`${countOf(ownMarkers, 'document')} with markers of their own`] : []),
  ].join(' and ');
  const none = leftOut === '' ? '' : ` for ${leftOut}`;
  if (learned === 0) return `no prompt cache${none}`;
  const seen = `prompt cache as in the newest ${countOf(learnedFrom, 'answer')}: ${read} of their input read`;
  return none === '' ? seen : `${seen}, and none${none}`;
}
