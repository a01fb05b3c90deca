import type { Timing } from './timing.ts';

/**
 * Whether creates of an account may be sent. `open` until a time; after it `half-open`: an outage is probed by list
 * calls only, an account refusal by a single create (protocol §8 C24).
 */
export type Breaker =
  | { is: 'closed'; failures: number; opened: number }
  | { is: 'open'; reason: BreakerReason; until: number; opened: number }
  | { is: 'half-open'; reason: BreakerReason; opened: number };

export type BreakerReason = 'outage' | 'account' | 'rate-limited';

export type BreakerEvent =
  | { is: 'created' }
  | { is: 'listed' }
  | { is: 'unanswered' }
  | { is: 'account-refused' }
  | { is: 'rate-limited'; retryAfterMs: number | null }
  | { is: 'time-passed' };

/** Creates in a row that were not answered before the account counts as down. */
export const unansweredMax = 3;

export const closedBreaker: Breaker = { is: 'closed', failures: 0, opened: 0 };

type Wait = Pick<Timing, 'breakerMinMs' | 'breakerMaxMs'>;

export function nextBreaker(
  breaker: Breaker,
  event: BreakerEvent,
  { now, wait }: { now: number; wait: Wait },
): Breaker {
  switch (event.is) {
    case 'created':
      return closedBreaker;
    case 'listed':
      // A list proves that the provider is back, not that it accepts our creates.
      return breaker.is === 'half-open' && breaker.reason === 'outage' ? closedBreaker : breaker;
    case 'unanswered': {
      const failures = breaker.is === 'closed' ? breaker.failures + 1 : unansweredMax;
      if (failures < unansweredMax) return { is: 'closed', failures, opened: breaker.opened };
      return open(breaker, 'outage', { now, wait });
    }
    case 'account-refused':
      return open(breaker, 'account', { now, wait });
    case 'rate-limited': {
      const until = now + (event.retryAfterMs ?? Math.min(wait.breakerMaxMs, wait.breakerMinMs / 10));
      return { is: 'open', reason: 'rate-limited', until, opened: breaker.opened };
    }
    case 'time-passed': {
      if (breaker.is !== 'open' || now < breaker.until) return breaker;
      if (breaker.reason === 'rate-limited') return { is: 'closed', failures: 0, opened: breaker.opened };
      return { is: 'half-open', reason: breaker.reason, opened: breaker.opened };
    }
  }
}

function open(breaker: Breaker, reason: BreakerReason, { now, wait }: { now: number; wait: Wait }): Breaker {
  if (breaker.is === 'open' && breaker.reason === reason) return breaker;
  const until = now + Math.min(wait.breakerMaxMs, wait.breakerMinMs * 2 ** Math.min(breaker.opened, 20));
  return { is: 'open', reason, until, opened: breaker.opened + 1 };
}

/** How many more creates may be under way, given those that are. */
export function createsAllowed(breaker: Breaker, underWay: number): number {
  switch (breaker.is) {
    case 'closed':
      return breaker.failures === 0 ? Infinity : Math.max(0, unansweredMax - breaker.failures - underWay);
    case 'half-open':
      return breaker.reason === 'account' ? Math.max(0, 1 - underWay) : 0;
    case 'open':
      return 0;
  }
}
