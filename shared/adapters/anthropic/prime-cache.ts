import type { PrimeOutcome, PrimeRequest } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { postOnce } from './post-once.ts';
import { readAnswer } from './read-answer.ts';
import { readReplyFacts } from './read-reply-facts.ts';

/**
 * One message outside batches: one POST, whatever happens to it. An entry can be read once its response has begun, so by
 * the time of the reply.
 */
export async function primeCache(
  account: AnthropicAccount,
  request: PrimeRequest,
  signal: AbortSignal,
): Promise<PrimeOutcome> {
  const purchase = { path: '/v1/messages', body: Buffer.from(request.body), isInTime: () => request.isInTime() };
  return postOnce(account, purchase, { signal, read: (text, response) => readPrimed(text, response, account) });
}

function readPrimed(text: string, { status, headers }: Response, account: AnthropicAccount): PrimeOutcome {
  const message = parseMessage(text);
  // Something was answered as a success, and nobody can say what it cost.
  if (message === null) return { status: 'ambiguous', message: `HTTP ${status} without a message` };
  const facts = readReplyFacts({ headers, ownerWhenUnshown: account.ownerWhenUnshown });
  return { status: 'primed', model: message.model, usage: message.usage, facts };
}

/** Null unless it says what was used. */
function parseMessage(text: string): ReturnType<typeof readAnswer> {
  try {
    const value: unknown = JSON.parse(text);
    const hasUsage = typeof value === 'object' && value !== null && 'usage' in value && value.usage !== null;
    return hasUsage ? readAnswer(value) : null;
  } catch {
    return null;
  }
}
