/** What the operating system says of a connection that never came to be. */
const connectCodes: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);
/** What the resolver says of a name it could not look up. */
const lookupCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN']);

/** The SDK wraps fetch's error, fetch wraps the socket's. */
const CAUSES_MAX = 5;

/**
 * Whether a call failed while connecting, so that not one byte of it was written. The codes alone do not say so:
 * EHOSTUNREACH also ends an established connection. A reset or a timeout never counts.
 */
export function isConnectFailure(error: unknown): boolean {
  const root = rootCause(error);
  // Several addresses were tried, each alone: all of them must have failed to connect.
  if (root instanceof AggregateError) return root.errors.length > 0 && root.errors.every(isConnectFailure);
  if (!(root instanceof Error) || !('code' in root) || !('syscall' in root)) return false;
  const code = String(root.code);
  return root.syscall === 'connect' ? connectCodes.has(code) : root.syscall === 'getaddrinfo' && lookupCodes.has(code);
}

/** The innermost error: the one of the socket, if it was the socket's. */
export function rootCause(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < CAUSES_MAX; depth += 1) {
    if (!(inner instanceof Error) || inner.cause === undefined) break;
    inner = inner.cause;
  }
  return inner;
}
