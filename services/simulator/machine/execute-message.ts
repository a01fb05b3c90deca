import type { ApiError } from './api-error.ts';
import { buildMessage, type WireMessage } from './build-message.ts';
import { composeAnswer } from './compose-answer.ts';
import type { InvoiceRow } from './invoice.ts';
import { planPrompt } from './plan-prompt.ts';
import { missesCache } from './plan-starts.ts';
import { priceUsage } from './price-usage.ts';
import type { PromptCache } from './prompt-cache.ts';
import { makeId } from './seeded-random.ts';
import { type ApiVersion, validateParams } from './validate-params.ts';

export interface ExecuteMessageOptions {
  params: unknown;
  version: ApiVersion;
  workspace: string;
  now: number;
  seed: number;
  /** Which synchronous call it is: names its ids. */
  ordinal: number;
  cache: PromptCache;
  cacheHitShare: number;
}

export type ExecutedMessage =
  | { status: 'answered'; message: WireMessage; bill: Omit<InvoiceRow, 'number'> }
  | { status: 'invalid'; error: ApiError };

/** A synchronous call: validated at once, at full price; with `max_tokens: 0` it only warms the cache. */
export function executeMessage(options: ExecuteMessageOptions): ExecutedMessage {
  const { workspace, version, now, seed, ordinal, cache } = options;
  const valid = validateParams({ params: options.params, version, isBatch: false });
  if (valid.status === 'invalid') return valid;
  const { params, model } = valid;
  const answer = composeAnswer({ params, spoil: 'none', toolUseId: makeId('toolu', seed, 'message', ordinal) });
  const isMissed = missesCache(seed, options.cacheHitShare, 'message', ordinal);
  // The reply goes out at once, so whoever has it finds what it wrote.
  const reading = { startedAt: now, answeredAt: now, tokensMin: model.cacheTokensMin, isMissed };
  const cached = cache.use(planPrompt(params), reading);
  const usage = { ...cached, output: answer.outputTokens };
  const id = makeId('msg', seed, 'message', ordinal);
  return {
    status: 'answered',
    message: buildMessage({ id, model: params.model, answer, usage, isBatch: false }),
    bill: {
      at: now,
      workspace,
      batchId: null,
      customId: null,
      model: params.model,
      inputTokens: usage.input,
      outputTokens: usage.output,
      cacheReadTokens: usage.cacheRead,
      cacheWrite5mTokens: usage.cacheWrite5m,
      cacheWrite1hTokens: usage.cacheWrite1h,
      costPicoDollars: priceUsage({ model, usage, isBatch: false, isUsOnly: params.inference_geo === 'us' }),
      isForeign: false,
    },
  };
}
