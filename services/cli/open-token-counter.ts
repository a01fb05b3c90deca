import { createAnthropicTokenCounter } from '#adapters/anthropic/create-anthropic-token-counter.ts';
import type { TokenCounter } from '#ports/token-counter.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';

/** What counts the tokens of requests: the configured account, or without a key the simulator that would answer them. */
export async function openTokenCounter({ account }: LoadedConfig): Promise<TokenCounter> {
  if (account) {
    const { apiKey, baseUrl } = account;
    return createAnthropicTokenCounter({ apiKey: apiKey.reveal(), ...(baseUrl === null ? {} : { baseUrl }) });
  }
  const { startSimulator } = await import('#services/simulator/service.ts');
  const simulator = await startSimulator(); // in memory: nothing that is asked here is bought
  const counter = createAnthropicTokenCounter({ apiKey: 'sk-ant-simulated', baseUrl: simulator.baseUrl });
  return { countTokens: body => counter.countTokens(body), close: () => simulator.close() };
}
