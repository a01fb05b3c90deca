import type { NotBought, RefusalReason } from '#ports/batch-provider.ts';
import { isAccountError } from './is-account-error.ts';
import { readErrorEnvelope } from './read-error-envelope.ts';
import { readRefusalFacts } from './read-reply-facts.ts';
import { readRetryAfterMs } from './read-retry-after.ts';

/** A reply with a status other than 2xx. */
export interface RefusedReply {
  httpStatus: number;
  /** Parsed JSON; undefined when the body was none. */
  body: unknown;
  headers: Headers;
}

/** The definite refusals of protocol §6: with these the provider says that it made nothing. */
const reasonByStatus: Readonly<Record<number, RefusalReason>> = {
  400: 'invalid',
  401: 'account',
  402: 'account',
  403: 'account',
  404: 'account',
  413: 'too-large',
  422: 'invalid',
  429: 'rate-limited',
  529: 'overloaded',
};

/**
 * A create, or a prime, that was answered with an error. Anything but the provider's own error body may come from a proxy behind
 * which the batch was made, so it is ambiguous; except 413, which edges answer in their own words (catalogue N6).
 * The message is the server's and not yet cleaned.
 */
export function classifyCreateRefusal(reply: RefusedReply): NotBought {
  const error = readErrorEnvelope(reply.body);
  const reason = reasonByStatus[reply.httpStatus];
  const message = error ? `${error.type}: ${error.message}` : `HTTP ${reply.httpStatus} without an error body`;
  if (reason === undefined || (error === null && reason !== 'too-large')) {
    return { status: 'ambiguous', message: `HTTP ${reply.httpStatus}, ${message}` };
  }
  const isAboutAccount = (reason === 'invalid' || reason === 'rate-limited') && error !== null && isAccountError(error);
  return {
    status: 'refused',
    reason: isAboutAccount ? 'account' : reason,
    httpStatus: reply.httpStatus,
    message,
    retryAfterMs: readRetryAfterMs(reply.headers),
    facts: readRefusalFacts(reply.headers),
  };
}
