import type { TokenCounter } from '#ports/token-counter.ts';
import { type AnthropicProviderOptions, openAnthropicAccount } from './anthropic-account.ts';
import { countTokens } from './count-tokens.ts';

/** @throws FlotillaError invalid-config for a key or base URL that cannot be used */
export function createAnthropicTokenCounter(options: AnthropicProviderOptions): TokenCounter {
  const account = openAnthropicAccount(options);
  return { countTokens: body => countTokens(account, body), tryAnswer: null, tryBatches: null, close: async () => {} };
}
