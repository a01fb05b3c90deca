import { type ApiError, apiError } from '../machine/api-error.ts';
import type { FaultInjector } from './fault-injector.ts';
import type { FaultKind } from './fault-kinds.ts';

/** What happens to one call that buys: does it act, and what does the caller see. */
export type CallDecision =
  | { act: 'now'; reply: 'normal' | 'drop' | 'html-502' | 'hang' }
  | { act: 'later'; delayMs: number; reply: 'drop' }
  | { act: 'never'; reply: 'drop' | 'hang' | 'not-connected' }
  | { act: 'never'; reply: 'refuse'; error: ApiError; isHtml: boolean };

const lateByDefaultMs = 30_000;

type SimpleKind = Exclude<FaultKind & `create-${string}`, 'create-accept-late'>;

const decisions = {
  'create-not-connected': { act: 'never', reply: 'not-connected' },
  'create-refuse-400': refusal(
    apiError('invalid_request_error', 'This organization is on hold.', { errorCode: 'organization_on_hold' }),
  ),
  'create-refuse-401': refusal(apiError('authentication_error', 'invalid x-api-key')),
  'create-refuse-402': refusal(apiError('billing_error', 'Your payment method was declined.')),
  'create-refuse-403': refusal(apiError('permission_error', 'Your API key may not use this resource.')),
  'create-refuse-413': refusal(apiError('request_too_large', 'Request exceeds the maximum size')),
  'create-refuse-413-html': refusal(apiError('request_too_large', '413 Request Entity Too Large'), true),
  'create-refuse-429': refusal(
    apiError('rate_limit_error', 'This request would exceed your rate limit.', { retryAfterSeconds: 1 }),
  ),
  'create-refuse-529': refusal(apiError('overloaded_error', 'Overloaded')),
  'create-refuse-500': refusal(apiError('api_error', 'Internal server error')),
  'create-drop-before': { act: 'never', reply: 'drop' },
  'create-accept-then-drop': { act: 'now', reply: 'drop' },
  'create-accept-then-502': { act: 'now', reply: 'html-502' },
  'create-hang': { act: 'never', reply: 'hang' },
  'create-accept-then-hang': { act: 'now', reply: 'hang' },
} as const satisfies Record<SimpleKind, CallDecision>;

export const decideCreate = (faults: FaultInjector): CallDecision =>
  decideCall(faults, { late: 'create-accept-late', decisions });

/** One decision per call; the first kind that fires is it. */
export function decideCall(
  faults: FaultInjector,
  { late, decisions }: { late: FaultKind; decisions: Partial<Record<FaultKind, CallDecision>> },
): CallDecision {
  const fired = faults.fires(late);
  if (fired) return { act: 'later', delayMs: fired.delayMs ?? lateByDefaultMs, reply: 'drop' };
  for (const [kind, decision] of Object.entries(decisions)) if (faults.fires(kind as FaultKind)) return decision;
  return { act: 'now', reply: 'normal' };
}

export function refusal(error: ApiError, isHtml = false): CallDecision {
  return { act: 'never', reply: 'refuse', error, isHtml };
}
