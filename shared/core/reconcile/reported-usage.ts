import type { Usage } from '../cost.ts';

/** How the provider prices a call: an item of a batch, or a call of its own (a prime). */
export type ServiceTier = 'batch' | 'standard';

/** Tokens of one model, tier and place, summed over many purchases. */
export interface SummedUsage {
  /** Whose prices hold, ms since the epoch: start of its bucket in the report, the purchase in our log. */
  at: number;
  model: string;
  tier: ServiceTier;
  /** Executed where `inference_geo` is `us`. */
  isUsOnly: boolean;
  usage: Usage;
}

/** A report of the provider has whole minutes. */
export const minuteMs = 60_000;

export const minuteOf = (at: number): number => Math.floor(at / minuteMs) * minuteMs;
