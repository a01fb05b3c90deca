import { FlotillaError } from '#errors/flotilla-error.ts';

/** What the client or the server said, as an error of ours. One of ours passes as it is. */
export function toRedisError(error: unknown, where: string): FlotillaError {
  if (error instanceof FlotillaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isRefusedLogin(message)) {
    return new FlotillaError('redis-unfit', {
      where,
      why: `it refused the login: ${message}`,
      fix: 'check user and password of FLOTILLA_REDIS_URL',
      cause: error,
    });
  }
  return new FlotillaError('queue-unavailable', { where, why: message, isRetryable: true, cause: error });
}

/** Replies to AUTH and HELLO, Redis 7 and 8 (2026-11-24). */
const isRefusedLogin = (message: string): boolean => /^(WRONGPASS|NOAUTH|NOPERM)\b/.test(message);

/** The address without its password. */
export function shownUrl(url: string): string {
  const shown = URL.parse(url);
  if (shown === null) return 'Redis';
  shown.password = '';
  shown.username = '';
  return shown.href;
}
