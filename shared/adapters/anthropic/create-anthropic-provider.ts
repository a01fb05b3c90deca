import type { BatchProvider } from '#ports/batch-provider.ts';
import { type AnthropicProviderOptions, openAnthropicAccount } from './anthropic-account.ts';
import { cancelBatch } from './cancel-batch.ts';
import { createBatch } from './create-batch.ts';
import { listBatches } from './list-batches.ts';
import { primeCache } from './prime-cache.ts';
import { readResults } from './read-results.ts';

export type { AnthropicProviderOptions } from './anthropic-account.ts';

/**
 * Anthropic's Message Batches API behind the port. The environment is not read. The object returned holds nothing
 * but names: the key is in none of its properties, errors or messages.
 * @throws FlotillaError invalid-config for a key or base URL that cannot be used
 */
export function createAnthropicProvider(options: AnthropicProviderOptions): BatchProvider {
  const account = openAnthropicAccount(options);
  return {
    provider: 'anthropic',
    baseUrl: account.baseUrl,
    hasLabels: false,
    cacheLever: 'markers',
    create: (request, signal) => createBatch(account, request, signal),
    prime: (request, signal) => primeCache(account, request, signal),
    list: listOptions => listBatches(account, listOptions),
    results: pid => readResults(account, pid),
    cancel: pid => cancelBatch(account, pid),
  };
}
