import type { Usage } from '#core/cost.ts';

/** Requests of one batch as they would be sent, and the calls that write its cache entries before. */
export interface TriedRequests {
  primes: readonly string[];
  bodies: readonly string[];
}

/** What would be billed for them, in their order; null: it would be refused. */
export interface TriedUsages {
  primes: readonly (Usage | null)[];
  items: readonly (Usage | null)[];
}

/**
 * A provider that counts the input tokens of a request before it is bought. The count is the provider's own, so it is as good
 * as the bill; it costs nothing, and is limited by the minute.
 */
export interface TokenCounter {
  /**
   * @param body JSON text of the request, as a batch item has it
   * @returns null when the provider refuses this request: it would as well refuse it when it is bought
   * @throws FlotillaError provider-unavailable | provider-auth
   */
  countTokens(body: string): Promise<number | null>;
  /**
   * Output tokens of an answer that nobody is billed for: null where answers cost money, which is everywhere but at a
   * simulator. @returns null as above
   */
  readonly tryAnswer: ((body: string) => Promise<number | null>) | null;
  /** The same of whole batches, made one after another where nothing is cached; null as for `tryAnswer`. */
  readonly tryBatches: ((batches: readonly TriedRequests[]) => Promise<TriedUsages[]>) | null;
  close(): Promise<void>;
}
