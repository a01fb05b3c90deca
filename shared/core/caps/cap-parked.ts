import type { CapPeriod } from '../journal.ts';
import { tightCap, type View } from '../view.ts';
import { fitsInParts, scopesUnderWay } from './cap-parts.ts';
import { type Reserve, unpricedUnderCap } from './cap-reserve.ts';

/** In place of a scope: no cap is full, but what has no price may not be bought under one. */
export const priceUnknown = 'price unknown';

/** Batches that wait before their create, and the cap that holds them. */
export interface ParkedFigures {
  /** For example `task:classify:money`, or `priceUnknown`. */
  scope: string;
  period: CapPeriod | null;
  batches: number;
  documents: number;
}

/** A batch that is sealed and not sent, and what its INTENT would reserve. */
export interface WaitingBatch {
  reserve: Reserve;
  documents: number;
}

/**
 * Which of them a cap holds back at `now` (ms since the epoch), as the submitter decides it; most documents first. What will be
 * bought in parts is not parked.
 */
export function parkedFigures(
  view: Pick<View, 'caps' | 'used' | 'batches' | 'primes'>,
  waiting: readonly WaitingBatch[],
  now: number,
): ParkedFigures[] {
  const found = new Map<string, ParkedFigures>();
  const busy = scopesUnderWay(view);
  const underWay = (): ReadonlySet<string> => busy;
  for (const { reserve, documents } of waiting) {
    const isUnpriced = unpricedUnderCap(view, reserve) !== null;
    const cap = isUnpriced ? { scope: priceUnknown, period: null } : tightCap(view, reserve.amounts, now);
    if (cap === null) continue;
    if (!isUnpriced && fitsInParts(view, { reserve: reserve.amounts, items: documents, underWay }, now)) continue;
    const key = `${cap.period}|${cap.scope}`;
    const before = found.get(key) ?? { ...cap, batches: 0, documents: 0 };
    found.set(key, { ...before, batches: before.batches + 1, documents: before.documents + documents });
  }
  return [...found.values()].sort((a, b) => b.documents - a.documents);
}
