import { addCacheBills, isCacheKnown, noCacheBill, sumOfBills } from '#core/estimate/cache-model.ts';
import type { Calibration } from '#core/estimate/calibration.ts';
import type { RequestGroup } from '#core/estimate/estimate.ts';
import { formatDollars, type Money } from '#core/money.ts';
import { countOf } from '../terminal/format-count.ts';

/**
 * What the expected cost has in it of the prompt cache. `planned`: what the planner decides by, before bills have told.
 * `unknown`: it is left out for some, and may lower the bill.
 */
export interface CacheBasis {
  label: 'learned' | 'planned' | 'unknown' | 'none';
  /** Answers that were marked like these documents, and the share of their input, 0 to 1, that was read from the cache. */
  learnedFrom: number;
  readShare: number | null;
  /** By what is expected of them: as those answers; as the planner does; nothing, for all their markers; nothing. */
  documents: { learned: number; planned: number; ownMarkers: number; none: number };
  /** What the planner expects to take off, and how many of the items that it marks will read, 0 to 1, at least. */
  planned: Money;
  hitRate: number | null;
}

export function cacheBasis(groups: readonly RequestGroup[], calibration: Pick<Calibration, 'cacheOf'>): CacheBasis {
  const documents = { learned: 0, planned: 0, ownMarkers: 0, none: 0 };
  const keys = new Set<string>();
  let saving = 0;
  const hitRates: number[] = [];
  for (const { documents: count, cache } of groups) {
    const { by, key, planned } = cache;
    if (isCacheKnown(calibration.cacheOf(key))) {
      documents.learned += count;
      keys.add(key);
    } else if (planned.hitRate !== null) {
      documents.planned += count;
      saving += planned.saving;
      hitRates.push(planned.hitRate);
    } else documents[by === 'producer' ? 'ownMarkers' : 'none'] += count;
  }
  const seen = [...keys].map(key => sumOfBills(calibration.cacheOf(key).values())).reduce(addCacheBills, noCacheBill);
  const { learned, planned, ownMarkers } = documents;
  return {
    label: ownMarkers > 0 ? 'unknown' : planned > 0 ? 'planned' : learned > 0 ? 'learned' : 'none',
    learnedFrom: seen.answers,
    readShare: seen.inputTokens === 0 ? null : seen.readTokens / seen.inputTokens,
    documents,
    planned: saving,
    hitRate: hitRates.length === 0 ? null : Math.min(...hitRates),
  };
}

export function cacheInWords({ learnedFrom, readShare, documents, planned, hitRate }: CacheBasis): string {
  const parts = [
    ...(documents.learned > 0
      ? [`prompt cache as in the newest ${countOf(learnedFrom, 'answer')}: ${percent(readShare)} of their input read`]
      : []),
    ...(documents.planned > 0
      ? [
          `prompt cache for ${countOf(documents.planned, 'document')} as the planner guesses: ${percent(hitRate)} of them read it, ${formatDollars(Math.round(planned))} less`,
        ]
      : []),
    ...(documents.ownMarkers > 0
      ? [`no prompt cache for ${countOf(documents.ownMarkers, 'document')} with markers of their own`]
      : []),
  ];
  return parts.join(', ') || 'no prompt cache';
}

const percent = (share: number | null): string => `${Math.round((share ?? 0) * 100)} %`;
