import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Breaker,
  type BreakerEvent,
  closedBreaker,
  createsAllowed,
  nextBreaker,
  unansweredMax,
} from './breaker.ts';

const now = 1_000_000;
const wait = { breakerMinMs: 60_000, breakerMaxMs: 600_000 };

const states = {
  closed: closedBreaker,
  shaky: { is: 'closed', failures: 2, opened: 1 },
  outage: { is: 'open', reason: 'outage', until: now + 5_000, opened: 1 },
  account: { is: 'open', reason: 'account', until: now + 5_000, opened: 1 },
  limited: { is: 'open', reason: 'rate-limited', until: now + 5_000, opened: 1 },
  outageOver: { is: 'open', reason: 'outage', until: now, opened: 1 },
  accountOver: { is: 'open', reason: 'account', until: now, opened: 1 },
  limitedOver: { is: 'open', reason: 'rate-limited', until: now, opened: 1 },
  halfOutage: { is: 'half-open', reason: 'outage', opened: 1 },
  halfAccount: { is: 'half-open', reason: 'account', opened: 1 },
} as const satisfies Record<string, Breaker>;
type StateName = keyof typeof states;

const events = {
  created: { is: 'created' },
  listed: { is: 'listed' },
  unanswered: { is: 'unanswered' },
  refused: { is: 'account-refused' },
  limited: { is: 'rate-limited', retryAfterMs: 7_000 },
  time: { is: 'time-passed' },
} as const satisfies Record<string, BreakerEvent>;
type EventName = keyof typeof events;

const same = 'same';
const opened = (reason: 'outage' | 'account', ms: number, count: number): Breaker => {
  return { is: 'open', reason, until: now + ms, opened: count };
};
const limited = (count: number): Breaker => ({ is: 'open', reason: 'rate-limited', until: now + 7_000, opened: count });

/** Every state with every event. */
const table: Record<StateName, Record<EventName, Breaker | typeof same>> = {
  closed: {
    created: closedBreaker,
    listed: same,
    unanswered: { is: 'closed', failures: 1, opened: 0 },
    refused: opened('account', 60_000, 1),
    limited: limited(0),
    time: same,
  },
  shaky: {
    created: closedBreaker,
    listed: same,
    unanswered: opened('outage', 120_000, 2),
    refused: opened('account', 120_000, 2),
    limited: limited(1),
    time: same,
  },
  outage: {
    created: closedBreaker,
    listed: same,
    unanswered: same,
    refused: opened('account', 120_000, 2),
    limited: limited(1),
    time: same,
  },
  account: {
    created: closedBreaker,
    listed: same,
    unanswered: opened('outage', 120_000, 2),
    refused: same,
    limited: limited(1),
    time: same,
  },
  limited: {
    created: closedBreaker,
    listed: same,
    unanswered: opened('outage', 120_000, 2),
    refused: opened('account', 120_000, 2),
    limited: limited(1),
    time: same,
  },
  outageOver: {
    created: closedBreaker,
    listed: same,
    unanswered: same,
    refused: opened('account', 120_000, 2),
    limited: limited(1),
    time: states.halfOutage,
  },
  accountOver: {
    created: closedBreaker,
    listed: same,
    unanswered: opened('outage', 120_000, 2),
    refused: same,
    limited: limited(1),
    time: states.halfAccount,
  },
  limitedOver: {
    created: closedBreaker,
    listed: same,
    unanswered: opened('outage', 120_000, 2),
    refused: opened('account', 120_000, 2),
    limited: limited(1),
    time: { is: 'closed', failures: 0, opened: 1 },
  },
  halfOutage: {
    created: closedBreaker,
    listed: closedBreaker,
    unanswered: opened('outage', 120_000, 2),
    refused: opened('account', 120_000, 2),
    limited: limited(1),
    time: same,
  },
  halfAccount: {
    created: closedBreaker,
    listed: same,
    unanswered: opened('outage', 120_000, 2),
    refused: opened('account', 120_000, 2),
    limited: limited(1),
    time: same,
  },
};

describe('nextBreaker', () => {
  for (const [state, row] of Object.entries(table) as [StateName, (typeof table)[StateName]][]) {
    for (const [event, expected] of Object.entries(row) as [EventName, Breaker | typeof same][]) {
      it(`${state} × ${event}`, () => {
        const next = nextBreaker(states[state], events[event], { now, wait });
        assert.deepEqual(next, expected === same ? states[state] : expected);
      });
    }
  }

  it('stays open twice as long each time, up to its longest', () => {
    let breaker: Breaker = closedBreaker;
    const waits: number[] = [];
    let at = now;
    for (let time = 0; time < 6; time++) {
      breaker = nextBreaker(breaker, events.refused, { now: at, wait });
      if (breaker.is !== 'open') throw new Error('it is open');
      waits.push(breaker.until - at);
      at = breaker.until;
      breaker = nextBreaker(breaker, events.time, { now: at, wait });
    }
    assert.deepEqual(waits, [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  it('waits a tenth of its shortest when a rate limit says nothing', () => {
    const next = nextBreaker(closedBreaker, { is: 'rate-limited', retryAfterMs: null }, { now, wait });
    assert.deepEqual(next, { is: 'open', reason: 'rate-limited', until: now + 6_000, opened: 0 });
  });
});

describe('createsAllowed', () => {
  const allowed: [StateName, number, number][] = [
    ['closed', 50, Infinity],
    ['shaky', 0, 1],
    ['shaky', 1, 0],
    ['outage', 0, 0],
    ['limited', 0, 0],
    ['halfOutage', 0, 0],
    ['halfAccount', 0, 1],
    ['halfAccount', 1, 0],
    ['halfAccount', 2, 0],
  ];
  for (const [state, underWay, count] of allowed) {
    it(`${state} with ${underWay} under way: ${count} more`, () => {
      assert.equal(createsAllowed(states[state], underWay), count);
    });
  }

  it('never lets more unanswered creates be under way than open the breaker', () => {
    const shaky: Breaker = { is: 'closed', failures: 1, opened: 0 };
    assert.equal(createsAllowed(shaky, 0), unansweredMax - 1);
  });
});
