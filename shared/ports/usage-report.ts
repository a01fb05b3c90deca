import type { SummedUsage } from '#core/reconcile/reported-usage.ts';

/**
 * What a provider says it has billed, in tokens: also what it never showed anybody. Reads only, which may be repeated.
 *
 * An adapter MUST give everything that the provider reports between two moments, or throw: a page that is missing would
 * make the books lower than the bill. It MUST leave out what no batch and no single call is billed for.
 *
 * Not promised: that the newest usage is in it. Anthropic says typically within five minutes, at times later.
 */
export interface UsageReport {
  /** @throws FlotillaError provider-unavailable | provider-auth */
  read(query: UsageQuery): Promise<SummedUsage[]>;
}

export interface UsageQuery {
  /** Whole minutes, ms since the epoch; `to` is not included. */
  from: number;
  to: number;
  whose: UsageOwner;
}

/** Keys by their ids, or everything of a workspace. */
export type UsageOwner = { apiKeyIds: readonly string[] } | { workspaceId: string };
