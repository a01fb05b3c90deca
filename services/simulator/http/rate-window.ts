const requestsPerMinute = 4_000;
const tokensPerMinute = 10_000_000;
const windowMs = 60_000;

/** Counts requests per minute for the rate-limit headers. It refuses nobody: queued requests are what is limited. */
export class RateWindow {
  #endsAt = 0;
  #count = 0;
  #reset = '';

  headers(now: number): Record<string, string> {
    if (now >= this.#endsAt) {
      this.#endsAt = now + windowMs;
      this.#count = 0;
      this.#reset = `${new Date(this.#endsAt).toISOString().slice(0, 19)}Z`;
    }
    this.#count += 1;
    return {
      'anthropic-ratelimit-requests-limit': String(requestsPerMinute),
      'anthropic-ratelimit-requests-remaining': String(Math.max(0, requestsPerMinute - this.#count)),
      'anthropic-ratelimit-requests-reset': this.#reset,
      'anthropic-ratelimit-tokens-limit': String(tokensPerMinute),
      'anthropic-ratelimit-tokens-remaining': String(tokensPerMinute),
      'anthropic-ratelimit-tokens-reset': this.#reset,
    };
  }
}
