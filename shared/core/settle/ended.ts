import type { ErrorCode } from '../../errors/catalogue.ts';
import type { ItemCost, Usage } from '../cost.ts';
import type { OutcomeCause } from '../outcome.ts';
import type { Rid } from '../rid.ts';

/** How one item of a batch ended; without a cause, with its answer. */
export interface Ended {
  cause: OutcomeCause | null;
  /** The code a dead letter carries when it is not the cause itself. */
  code?: ErrorCode;
  where?: string | null;
  why?: string;
  output?: unknown;
  body?: unknown;
  /** That answered. */
  model?: string;
  usage?: Usage;
  cost?: ItemCost | null;
  bound?: number;
  /** Whose answer it is, or whose it goes on waiting for. */
  of?: Rid;
  /** Of an answer that was bought for another. */
  raisedMaxTokens?: number | null;
  /** What that purchase came to; null when its price is unknown. */
  boughtFor?: ItemCost | null;
  /** A dead letter whatever tries are left. */
  isFinal?: boolean;
}

/** Sent, perhaps executed, and what it used was never read. */
export const isLost = (cause: OutcomeCause | null): boolean => cause === 'missing' || cause === 'result-too-large';

/** Bought, or perhaps bought, and nobody can say for how much: lost lines count as bought (protocol §4, RELEASED). */
export function isUnpriced({ cause, usage, cost }: Ended): boolean {
  return isLost(cause) || (usage !== undefined && !cost);
}
