import { chargedTriesMax, unchargedTriesMax } from './limits.ts';
import { causes, type OutcomeCause } from './outcome.ts';
import type { RetryPolicy } from './recipe.ts';
import { claimKey } from './rid.ts';
import type { Item } from './view.ts';

export type RetryDecision = { is: 'dead' } | { is: 'again'; charged: number; uncharged: number; delayMs: number };

const laneDelayMinMs = 1_000;
const laneDelayMaxMs = 5 * 60_000;
const queueFullDelayMs = 30_000;
const accountDelayMs = 60_000;

/**
 * What follows an item that did not succeed (protocol S4): a charged retry alone, a free one through its lane, or a dead
 * letter. Delays are for an unscaled provider.
 */
export function decideRetry(
  item: Pick<Item, 'partition' | 'offset' | 'att' | 'charged' | 'uncharged'>,
  cause: OutcomeCause,
  policy: RetryPolicy,
): RetryDecision {
  const { again } = causes[cause];
  const charged = item.charged + (again === 'alone' ? 1 : 0);
  const uncharged = item.uncharged + (again === 'lane-capped' ? 1 : 0);
  const triesMax = Math.min(chargedTriesMax, policy.delaysMs.length + 1);
  // Each count ends an item only when it has grown: what spends nothing never does, also under another policy than before.
  if (again === 'never' || (charged > item.charged && charged >= triesMax)) return { is: 'dead' };
  if (uncharged > item.uncharged && uncharged >= unchargedTriesMax) return { is: 'dead' };
  return { is: 'again', charged, uncharged, delayMs: delayMs(item, { cause, charged, uncharged, policy }) };
}

function delayMs(
  item: Pick<Item, 'partition' | 'offset' | 'att'>,
  {
    cause,
    charged,
    uncharged,
    policy,
  }: { cause: OutcomeCause; charged: number; uncharged: number; policy: RetryPolicy },
): number {
  switch (causes[cause].again) {
    case 'alone':
      return Math.round((policy.delaysMs[charged - 1] ?? 0) * (1 + policy.jitter * spread(claimKey(item))));
    case 'lane-capped':
      return Math.min(laneDelayMaxMs, laneDelayMinMs * 2 ** (uncharged - 1));
    default:
      if (cause === 'queue-full') return queueFullDelayMs;
      // A worker whose clock is ahead closes for a deadline that the journal does not see yet: not as fast as it can.
      if (cause === 'deadline') return laneDelayMinMs;
      return cause === 'account' ? accountDelayMs : 0;
  }
}

/** -1 to 1, the same for the same text: so that items that failed together do not come back together. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash / 0x7fffffff - 1;
}
