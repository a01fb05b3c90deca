import type { ProviderErrorFacts } from './read-error-envelope.ts';

/** Error types that are about the account whatever they say. */
const accountTypes: ReadonlySet<string> = new Set(['billing_error', 'authentication_error']);

/** `details.error_code` values that are about the account. Source: @anthropic-ai/sdk 1.11.0, resources/shared, 2026-11-21. */
const accountCodes: ReadonlySet<string> = new Set([
  'organization_on_hold',
  'enforced_spend_limit_reached',
  'contract_spend_limit_reached',
  'linked_organization_billing_unavailable',
  'linked_organization_spend_limit_reached',
]);

/**
 * Account refusals that come as plain `invalid_request_error` and can be told by their text only. Each is bound to
 * the start of the message: a message may quote a document, and a document must not be able to stop an account.
 */
const accountPatterns: readonly { pattern: RegExp; seen: string; source: string }[] = [
  {
    pattern: /^(your )?credit balance (is )?too low/i,
    seen: '2026-09-14',
    source: 'github.com/anthropics/claude-code/issues/95393; per item: github.com/bespokelabsai/curator/issues/296',
  },
  {
    pattern: /^you have reached your specified (workspace )?api usage limits/i,
    seen: '2026-08',
    source: 'text of the console spend limit; not confirmed on a batch line',
  },
  {
    pattern: /^(this|your) organization (has been disabled|is on hold)/i,
    seen: '2026-08',
    source: 'github.com/anthropics/claude-code issues of that title; not confirmed on a batch line',
  },
];

/** Billing, key or limit of the account: every other request would be refused too, and no document is to blame. */
export function isAccountError(error: ProviderErrorFacts): boolean {
  if (accountTypes.has(error.type)) return true;
  if (error.code !== null && accountCodes.has(error.code)) return true;
  return accountPatterns.some(({ pattern }) => pattern.test(error.message));
}
