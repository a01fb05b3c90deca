import type { NotBought, RefusalReason, ReplyFacts } from '#ports/batch-provider.ts';
import type { ApiError } from './machine/api-error.ts';

const reasons: Partial<Record<number, RefusalReason>> = {
  400: 'invalid',
  401: 'account',
  402: 'account',
  403: 'account',
  404: 'invalid',
  413: 'too-large',
  429: 'rate-limited',
  529: 'overloaded',
};

/** Definite refusals only (protocol §6); any other status proves nothing. */
export function refused(error: ApiError, facts: ReplyFacts): NotBought {
  const reason = error.errorCode === 'organization_on_hold' ? 'account' : reasons[error.httpStatus];
  if (!reason) return ambiguous(`HTTP ${error.httpStatus}`);
  return {
    status: 'refused',
    reason,
    httpStatus: error.httpStatus,
    message: error.message,
    retryAfterMs: error.retryAfterSeconds === undefined ? null : error.retryAfterSeconds * 1_000,
    facts,
  };
}

/** It may have been made, or not. */
export function ambiguous(message: string): NotBought {
  return { status: 'ambiguous', message };
}

/** No byte was written. */
export const notConnected = (): NotBought => unsent('not-connected', 'connection refused');

export const tooLate = (): NotBought => unsent('too-late', 'connected too late');

const unsent = (reason: RefusalReason, message: string): NotBought => {
  return { status: 'refused', reason, httpStatus: null, message, retryAfterMs: null, facts: null };
};
