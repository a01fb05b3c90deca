import { FlotillaError } from '#errors/flotilla-error.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { cleanMessage } from './clean-message.ts';
import { isAccountError } from './is-account-error.ts';
import { readErrorEnvelope } from './read-error-envelope.ts';
import { describeFailure, readRefusedReply } from './read-failure.ts';

/**
 * A failed read as the port promises it: `provider-auth` when the provider itself refuses the account,
 * `provider-unavailable` otherwise. The cause is left out: the SDK's errors carry replies, and a reply may quote
 * a request.
 */
export function toReadError(error: unknown, options: { account: AnthropicAccount; where: string }): FlotillaError {
  const where = `${options.where} at ${options.account.baseUrl}`;
  if (error instanceof FlotillaError) {
    return new FlotillaError(error.code, { where, why: error.why, isRetryable: error.isRetryable });
  }
  const reply = readRefusedReply(error);
  if (!reply) {
    return new FlotillaError('provider-unavailable', { where, why: describeFailure(error), isRetryable: true });
  }
  const said = readErrorEnvelope(reply.body);
  const why = cleanMessage({
    text: said ? `HTTP ${reply.httpStatus}, ${said.type}: ${said.message}` : `HTTP ${reply.httpStatus}`,
    apiKey: options.account.apiKey,
  });
  if (said && isAccountError(said) && reply.httpStatus !== 401) {
    return new FlotillaError('provider-auth', { where, why, fix: 'check billing and limits of the account' });
  }
  // A proxy's own 401 or 403 page says nothing about the key.
  if (said && (reply.httpStatus === 401 || reply.httpStatus === 402 || reply.httpStatus === 403)) {
    return new FlotillaError('provider-auth', { where, why, fix: `check ${options.account.keyVariable}` });
  }
  return new FlotillaError('provider-unavailable', { where, why, isRetryable: isPassing(reply.httpStatus) });
}

function isPassing(httpStatus: number): boolean {
  return httpStatus >= 500 || httpStatus === 408 || httpStatus === 409 || httpStatus === 429;
}
