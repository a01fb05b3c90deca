import { createHash, timingSafeEqual } from 'node:crypto';

/** Who may look. Only the hash of the token is kept; null: whoever reaches the address. */
export type TokenHash = Buffer | null;

/** @param token as configured: the token, or `sha256:` and the hex digits of its hash */
export const hashOfToken = (token: string | null): TokenHash => {
  if (token === null) return null;
  const hashed = /^sha256:([0-9a-f]{64})$/.exec(token)?.[1];
  return hashed === undefined ? sha256(token) : Buffer.from(hashed, 'hex');
};

/**
 * `Bearer <token>`, or for browsers, which ask for it themselves, `Basic` with the token as password and any name. No
 * cookies: nothing is sent along with a request from another site's script that could read the answer.
 */
export function isAllowed(authorization: string | undefined, hash: TokenHash): boolean {
  if (hash === null) return true;
  const given = tokenOf(authorization ?? '');
  // Hashes have one length, so the comparison tells nothing about the token's.
  return timingSafeEqual(sha256(given ?? ''), hash) && given !== null;
}

function tokenOf(authorization: string): string | null {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  if (/^bearer$/i.test(scheme)) return credentials;
  if (!/^basic$/i.test(scheme)) return null;
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? null : text.slice(colon + 1);
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** True for addresses that only this machine reaches. */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);

/**
 * True for requests that were meant for this machine. A page of the web can have its own name resolve to 127.0.0.1, and then
 * reads what loopback serves without a token (DNS rebinding); its requests carry its own name.
 */
export const isForLoopback = (hostHeader: string | undefined): boolean =>
  isLoopback((hostHeader ?? '').replace(/:\d+$/, ''));
