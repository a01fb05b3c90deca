import { formatDollars } from '#core/money.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { RunSnapshot } from './run-snapshot.ts';

/** The one line of a summary about cache markers; null when no batch had a plan. */
export function cacheInWords(cache: RunSnapshot['cache'], { separator }: { separator: string }): string | null {
  if (cache === null) return null;
  const { tallies, hitRate, saved, heldBack, primes } = cache;
  const { marked, shadow, 'held-back': held } = tallies;
  if (marked.batches + held.batches === 0) {
    return `shadow: ${countOf(shadow.batches, 'batch')} would carry markers, nothing was changed`;
  }
  const rate = hitRate === null ? 'no marked batch is settled yet' : `hit rate ${percent(hitRate)}`;
  const measured = held.batches === 0 ? ', against list prices alone' : '';
  const money =
    saved < 0 ? `cost ${formatDollars(-saved)} more${measured}` : `saved ${formatDollars(saved)}${measured}`;
  const calls = primes === 0 ? [] : [countOf(primes, 'prime')];
  const back = `${percent(heldBack)} held back (${formatCount(held.batches)} of ${formatCount(held.batches + marked.batches)})`;
  return [rate, money, ...calls, back].join(separator);
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
