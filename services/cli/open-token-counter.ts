import { createAnthropicTokenCounter } from '#adapters/anthropic/create-anthropic-token-counter.ts';
import type { TokenCounter } from '#ports/token-counter.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';

/** What counts the tokens of requests: the configured account, or without a key the simulator that would answer them. */
export async function openTokenCounter({ account, config }: LoadedConfig): Promise<TokenCounter> {
  if (account) {
    const { apiKey, baseUrl } = account;
    return createAnthropicTokenCounter({ apiKey: apiKey.reveal(), ...(baseUrl === null ? {} : { baseUrl }) });
  }
  const { createSimulatedTokenCounter } = await import('#services/simulator/simulated-token-counter.ts');
  const { seed, latencyMinMs, latencyMaxMs } = config.simulator;
  const latency = { minMs: latencyMinMs, maxMs: latencyMaxMs };
  return createSimulatedTokenCounter({ now: Date.now, seed, latency });
}
