import { apiError } from '../machine/api-error.ts';
import { type CallDecision, lateByDefaultMs, refusal } from './decide-create.ts';
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

/** One decision per synchronous call; the first kind that fires is it. */
export function decideMessage(faults: FaultInjector): CallDecision {
  const late = faults.fires('message-accept-late');
  if (late) return { act: 'later', delayMs: late.delayMs ?? lateByDefaultMs, reply: 'drop' };
  for (const kind of Object.keys(decisions) as SimpleKind[]) if (faults.fires(kind)) return decisions[kind];
  return { act: 'now', reply: 'normal' };
}
