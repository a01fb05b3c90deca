import type { CreateItem, CreateOutcome, CreateRequest } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { anthropicCapabilities } from './anthropic-capabilities.ts';
import { buildCreateBody } from './build-create-body.ts';
import { postOnce, refuseUnsent } from './post-once.ts';
import { readReplyFacts } from './read-reply-facts.ts';

/** Sends one create: one POST, whatever happens to it. */
export async function createBatch(
  account: AnthropicAccount,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  if (signal.aborted) return refuseUnsent('not-connected', 'given up before it was sent');
  if (isTooLarge(request.items)) return refuseUnsent('too-large', 'the batch is larger than the provider accepts');
  const body = buildCreateBody(request.items);
  const purchase = { path: '/v1/messages/batches', body, isInTime: request.isInTime };
  return postOnce(account, purchase, { signal, read: (text, response) => readCreated(text, response, account) });
}

/** Told before it is built, for the provider would read it all to say so. Characters: never more than the bytes. */
function isTooLarge(items: readonly CreateItem[]): boolean {
  if (items.length > anthropicCapabilities.batchItemsMax) return true;
  return items.reduce((sum, item) => sum + item.body.length, 0) > anthropicCapabilities.batchBytesMax;
}

function readCreated(text: string, response: Response, account: AnthropicAccount): CreateOutcome {
  const pid = readId(text);
  // Something was answered as a success; what was made under it can only be found by looking.
  if (pid === null) return { status: 'ambiguous', message: `HTTP ${response.status} without a batch id` };
  const { headers } = response;
  return {
    status: 'created',
    pid,
    facts: readReplyFacts({ headers, ownerWhenUnshown: account.ownerWhenUnshown }),
  };
}

function readId(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
    return typeof id === 'string' && id !== '' ? id : null;
  } catch {
    return null;
  }
}
