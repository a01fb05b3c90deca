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
  close(): Promise<void>;
}
