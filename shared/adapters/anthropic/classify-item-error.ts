import type { ItemErrorClass } from '#ports/batch-provider.ts';
import { isAccountError } from './is-account-error.ts';
import type { ProviderErrorFacts } from './read-error-envelope.ts';

/** Types that a repetition would meet again. Source: platform.claude.com/docs api/errors, read 2026-08-22. */
const documentTypes: ReadonlySet<string> = new Set([
  'invalid_request_error',
  'not_found_error',
  'permission_error',
  'request_too_large',
]);

/**
 * Whose fault an `errored` line is. A type nobody here has heard of is `transient`: tried again a bounded number of
 * times, it costs little; called the document's fault, it would lose an answer.
 */
export function classifyItemError(error: ProviderErrorFacts): ItemErrorClass {
  if (isAccountError(error)) return 'account';
  return documentTypes.has(error.type) ? 'document' : 'transient';
}
