import type { ReplyFacts } from '#ports/batch-provider.ts';

/**
 * The owner and the provider's clock from a reply's headers. The owner is `<organization>/<workspace>`, `-` for the
 * one that is missing.
 */
export function readReplyFacts(options: { headers: Headers; ownerWhenUnshown: string }): ReplyFacts {
  return {
    owner: readOwner(options.headers) ?? options.ownerWhenUnshown,
    serverDate: readServerDate(options.headers),
  };
}

/**
 * As `readReplyFacts`, for a refusal: null when it shows no owner. An edge that answers in place of the API shows
 * none, and must not look like another owner.
 */
export function readRefusalFacts(headers: Headers): ReplyFacts | null {
  const owner = readOwner(headers);
  return owner === null ? null : { owner, serverDate: readServerDate(headers) };
}

/** Milliseconds since the epoch; null without a readable Date header. */
export function readServerDate(headers: Headers): number | null {
  const at = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(at) ? null : at;
}

function readOwner(headers: Headers): string | null {
  const organization = headers.get('anthropic-organization-id');
  const workspace = headers.get('anthropic-workspace-id');
  if (!organization && !workspace) return null;
  return `${organization || '-'}/${workspace || '-'}`;
}
