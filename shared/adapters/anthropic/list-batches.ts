import type { BatchPage, ListOptions } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { anthropicCapabilities } from './anthropic-capabilities.ts';
import { readBatchPage, toListedBatch } from './read-message-batch.ts';
import { readReplyFacts } from './read-reply-facts.ts';
import { requestJson } from './request-json.ts';
import { toReadError } from './to-read-error.ts';

/** One page of the workspace's batches, newest first. `limit` is held to what the provider allows. */
export async function listBatches(account: AnthropicAccount, options: ListOptions): Promise<BatchPage> {
  const path = '/v1/messages/batches';
  const limit = Math.min(Math.max(1, Math.trunc(options.limit)), anthropicCapabilities.listPageMax);
  const query = options.cursor === undefined ? { limit } : { limit, after_id: options.cursor };
  try {
    const { value, headers } = await requestJson(account, { method: 'get', path, query });
    const facts = readReplyFacts({ headers, ownerWhenUnshown: account.ownerWhenUnshown });
    const { batches, nextCursor } = readBatchPage(value);
    account.ended.remember(batches, facts.owner);
    return { batches: batches.map(toListedBatch), nextCursor, facts };
  } catch (error) {
    throw toReadError(error, { account, where: `GET ${path}` });
  }
}
