import { addCacheBills, type CacheBill, isCacheKnown, noCacheBill, sumOfBills } from '#core/estimate/cache-model.ts';
import type { Calibration } from '#core/estimate/calibration.ts';
import type { RequestGroup } from '#core/estimate/estimate.ts';
import { formatDollars, type Money } from '#core/money.ts';
import { countOf } from '../terminal/format-count.ts';

/**
 * What the expected cost has in it of the prompt cache. `tried`: as a simulator billed the first batches for nothing. `planned`: what the
 * planner decides by, before bills have told. `unknown`: it is left out for some, and may lower the bill.
 */
export interface CacheBasis {
  label: 'learned' | 'tried' | 'planned' | 'unknown' | 'none';
  /** Answers that were marked like these documents, and the share of their input, 0 to 1, that was read from the cache. */
  learnedFrom: number;
  readShare: number | null;
  /** The same share of what was tried. */
  triedReadShare: number | null;
  /** By what is expected of them: as those answers; as was tried; as the planner does; nothing, for all their markers; nothing. */
  documents: { learned: number; tried: number; planned: number; ownMarkers: number; none: number };
  /** What the planner expects to take off, and how many of the items that it marks will read, 0 to 1, at least. */
  planned: Money;
  hitRate: number | null;
}

/**
 * @param known.billed what bills have told
 * @param known.calibration the same, with what was tried
 */
export function cacheBasis(
  groups: readonly RequestGroup[],
  { billed, calibration }: Record<'billed' | 'calibration', Pick<Calibration, 'cacheOf'>>,
): CacheBasis {
  const documents = { learned: 0, tried: 0, planned: 0, ownMarkers: 0, none: 0 };
  const keys = { learned: new Set<string>(), tried: new Set<string>() };
  let saving = 0;
  const hitRates: number[] = [];
  for (const { documents: count, cache } of groups) {
    const { by, key, planned } = cache;
    if (isCacheKnown(calibration.cacheOf(key))) {
      const from = isCacheKnown(billed.cacheOf(key)) ? 'learned' : 'tried';
      documents[from] += count;
      keys[from].add(key);
    } else if (planned.hitRate !== null) {
      documents.planned += count;
      saving += planned.saving;
      hitRates.push(planned.hitRate);
    } else documents[by === 'producer' ? 'ownMarkers' : 'none'] += count;
  }
  const seenOf = (some: ReadonlySet<string>): CacheBill =>
    [...some].map(key => sumOfBills(calibration.cacheOf(key).values())).reduce(addCacheBills, noCacheBill);
  const seen = seenOf(keys.learned);
  const { learned, tried, planned, ownMarkers } = documents;
  const label = planned > 0 ? 'planned' : tried > 0 ? 'tried' : learned > 0 ? 'learned' : 'none';
  return {
    label: ownMarkers > 0 ? 'unknown' : label,
    learnedFrom: seen.answers,
    readShare: readShareOf(seen),
    triedReadShare: readShareOf(seenOf(keys.tried)),
    documents,
    planned: saving,
    hitRate: hitRates.length === 0 ? null : Math.min(...hitRates),
  };
}

const readShareOf = ({ inputTokens, readTokens }: CacheBill): number | null =>
  inputTokens === 0 ? null : readTokens / inputTokens;

export function cacheInWords(basis: CacheBasis): string {
  const { learnedFrom, readShare, triedReadShare, documents, planned, hitRate } = basis;
  const parts = [
    ...(documents.learned > 0
      ? [
          `prompt cache as in the newest ${countOf(learnedFrom, 'answer')}: ${percent(readShare)} of their input read, first batches included`,
        ]
      : []),
    ...(documents.tried > 0
      ? [
          `prompt cache for ${countOf(documents.tried, 'document')} as the simulator tried it here: ${percent(triedReadShare)} of their input read`,
        ]
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
