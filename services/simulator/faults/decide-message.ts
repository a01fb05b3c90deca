import { apiError } from '../machine/api-error.ts';
import { type CallDecision, decideCall, refusal } from './decide-create.ts';
import type { FaultInjector } from './fault-injector.ts';
import type { FaultKind } from './fault-kinds.ts';

type SimpleKind = Exclude<FaultKind & `message-${string}`, 'message-accept-late'>;

const decisions = {
  'message-not-connected': { act: 'never', reply: 'not-connected' },
  'message-refuse-429': refusal(
    apiError('rate_limit_error', 'This request would exceed your rate limit.', { retryAfterSeconds: 1 }),
  ),
  'message-refuse-529': refusal(apiError('overloaded_error', 'Overloaded')),
  'message-refuse-500': refusal(apiError('api_error', 'Internal server error')),
  'message-drop-before': { act: 'never', reply: 'drop' },
  'message-accept-then-drop': { act: 'now', reply: 'drop' },
  'message-accept-then-502': { act: 'now', reply: 'html-502' },
  'message-hang': { act: 'never', reply: 'hang' },
  'message-accept-then-hang': { act: 'now', reply: 'hang' },
} as const satisfies Record<SimpleKind, CallDecision>;

export const decideMessage = (faults: FaultInjector): CallDecision =>
  decideCall(faults, { late: 'message-accept-late', decisions });
