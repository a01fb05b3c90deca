import { FlotillaError } from '#errors/flotilla-error.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { startDeadline } from './start-deadline.ts';

/** A read may be repeated by the SDK this often. */
export const READ_RETRIES = 2;

export type JsonQuery = Record<string, string | number | readonly string[]>;

export interface JsonRequest {
  method: 'get' | 'post';
  path: string;
  /** A list is sent as `name[]=a&name[]=b`. */
  query?: JsonQuery;
  /** Instead of the client's own; null leaves one out. */
  headers?: Record<string, string | null>;
}

/**
 * One repeatable call and its JSON reply, read as JSON whatever its content type says (catalogue N3).
 * @throws the SDK's errors, or FlotillaError provider-unavailable when the reply is no JSON (catalogue O1)
 */
export async function requestJson(
  account: AnthropicAccount,
  request: JsonRequest,
): Promise<{ value: unknown; headers: Headers }> {
  const deadline = startDeadline({ ms: account.readTimeoutMs });
  const { query, headers } = request;
  try {
    const response = await account.client[request.method](request.path, {
      ...(query && { query }),
      ...(headers && { headers }),
      maxRetries: READ_RETRIES,
      timeout: account.readTimeoutMs,
      signal: deadline.signal,
    }).asResponse();
    return { value: parseReply(await response.text()), headers: response.headers };
  } finally {
    deadline.clear();
  }
}

function parseReply(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FlotillaError('provider-unavailable', { why: 'the reply is no JSON', isRetryable: true });
  }
}
