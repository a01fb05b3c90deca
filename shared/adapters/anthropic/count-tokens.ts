import { FlotillaError } from '#errors/flotilla-error.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { readRefusedReply } from './read-failure.ts';
import { READ_RETRIES } from './request-json.ts';
import { startDeadline } from './start-deadline.ts';
import { toReadError } from './to-read-error.ts';

const path = '/v1/messages/count_tokens';
/** What makes tokens; the call refuses whatever else a request says. */
const countedFields = [
  'model',
  'system',
  'messages',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'mcp_servers',
];
/** The request itself is at fault: malformed, too large, a model that is unknown. */
const refusals = new Set([400, 404, 413, 422]);

/** One call of the provider's own counter. Free, and repeatable like a read. */
export async function countTokens(account: AnthropicAccount, body: string): Promise<number | null> {
  const request = JSON.parse(body) as Record<string, unknown>;
  const deadline = startDeadline({ ms: account.readTimeoutMs });
  try {
    const response = await account.client
      .post(path, {
        body: Object.fromEntries(countedFields.flatMap(name => (name in request ? [[name, request[name]]] : []))),
        maxRetries: READ_RETRIES,
        timeout: account.readTimeoutMs,
        signal: deadline.signal,
      })
      .asResponse();
    return readCount(await response.text());
  } catch (error) {
    if (refusals.has(readRefusedReply(error)?.httpStatus ?? 0)) return null;
    throw toReadError(error, { account, where: `POST ${path}` });
  } finally {
    deadline.clear();
  }
}

function readCount(text: string): number {
  let count: unknown;
  try {
    count = (JSON.parse(text) as { input_tokens?: unknown }).input_tokens;
  } catch {
    // told below
  }
  if (Number.isSafeInteger(count) && (count as number) >= 0) return count as number;
  throw new FlotillaError('provider-unavailable', { why: 'the reply has no count of tokens', isRetryable: true });
}
