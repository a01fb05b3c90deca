import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { journalArbitrary } from '#test/support/journal-arbitrary.ts';
import {
  aborted,
  closed,
  created,
  type Fold,
  intent,
  noon,
  openFold,
  released,
  sealed,
  settledOf,
} from '#test/support/journal-records.ts';
import type { JournalRecord, SealedItem } from './journal.ts';
import {
  candidates,
  type Look,
  type LookedAt,
  lookBackTo,
  lookDelayMs,
  orphans,
  type ResolveContext,
  resolve,
  type SeenIdentity,
  watch,
} from './look.ts';
import { reduceJournal } from './reduce-journal.ts';
import { timingFor } from './timing.ts';
import { createView } from './view.ts';

const fleet = 'abcdef';
const timing = timingFor();
const { settleMs, skewMs } = timing;

const items = (count: number): SealedItem[] => Array.from({ length: count }, (_, offset) => [0, offset, 0, 0]);

const listed = (pid: string, rest: Partial<LookedAt> = {}): LookedAt => ({
  pid,
  createdAt: noon + 1_000,
  endedAt: null,
  hasEnded: false,
  itemCount: 3,
  label: null,
  ...rest,
});
const ended = (pid: string, rest: Partial<LookedAt> = {}): LookedAt =>
  listed(pid, { hasEnded: true, endedAt: noon + 60_000, ...rest });

const lookOf = (batches: readonly LookedAt[], rest: Partial<Look> = {}): Look => ({
  askedAt: noon + 10_000,
  reach: -Infinity,
  batches,
  ...rest,
});
/** A list that was asked for when everything that ever landed had been listed. */
const late = (batches: readonly LookedAt[], rest: Partial<Look> = {}): Look =>
  lookOf(batches, { askedAt: noon + settleMs + 1, ...rest });

const unlabelled = (identities: Record<string, SeenIdentity> = {}): ResolveContext => ({
  fleet,
  hasLabels: false,
  identities: new Map(Object.entries(identities)),
  timing,
});
const labelled: ResolveContext = { fleet, hasLabels: true, identities: new Map(), timing };
const label = (bk: string, owner = fleet) => ({ fleet: owner, bk });

/** An INTENT of noon, for a batch of three, that nobody answered. */
const openIntent = (...more: JournalRecord[]): Fold => openFold(sealed('b', { items: items(3) }), intent('b'), ...more);
const resolved = (look: Look, context: ResolveContext, fold = openIntent()) =>
  resolve(fold.view, fold.batch('b'), look, context);

const wait = { is: 'wait' };
const absent = { is: 'absent' };
const adopts = (pid: string) => ({ is: 'created', pid });

describe('watch', () => {
  const bound = (pid = 'pid') => openFold(sealed('b'), intent('b'), created('b', 1, pid));

  it('names our batches that have ended', () => {
    assert.deepEqual(watch(bound().view, lookOf([ended('pid')])), ['b']);
  });

  it('N1: not those that run, nor batches of others', () => {
    assert.deepEqual(watch(bound().view, lookOf([listed('pid'), ended('other')])), []);
  });

  it('not what is settled, released or not, in the view or no longer', () => {
    const fold = bound();
    fold.settle(settledOf('b'));
    assert.deepEqual(watch(fold.view, lookOf([ended('pid')])), []);
    fold.add(released('b'));
    assert.deepEqual(watch(fold.view, lookOf([ended('pid')])), []);
  });

  it('what was released and is not yet seen to be settled', () => {
    const fold = bound();
    fold.add(released('b'));
    assert.deepEqual(watch(fold.view, lookOf([ended('pid')])), ['b']);
  });
});

describe('resolve, where no label says whose a batch is', () => {
  const cases: [string, unknown, Look, ResolveContext][] = [
    [
      'adopts the one whose custom_id carries our batch key',
      adopts('x'),
      lookOf([ended('x')]),
      unlabelled({ x: { is: 'ours', bk: 'b' } }),
    ],
    [
      'adopts it at once: only ABORTED needs the age',
      adopts('x'),
      lookOf([ended('x')], { askedAt: noon }),
      unlabelled({ x: { is: 'ours', bk: 'b' } }),
    ],
    [
      'adopts it although others are still unread',
      adopts('x'),
      lookOf([listed('y'), ended('x')]),
      unlabelled({ x: { is: 'ours', bk: 'b' } }),
    ],
    [
      'A1: never adopts by count and time alone: the only candidate, unread, is waited for',
      wait,
      late([listed('x')]),
      unlabelled(),
    ],
    ['waits for one that has ended and was not yet read', wait, late([ended('x')]), unlabelled()],
    [
      'remembers a foreign batch of the same size: no longer waited for',
      absent,
      late([ended('x')]),
      unlabelled({ x: { is: 'foreign' } }),
    ],
    ['remembers another batch of ours', absent, late([ended('x')]), unlabelled({ x: { is: 'ours', bk: 'c' } })],
    [
      'no longer waits for one that ended and stayed silent',
      absent,
      late([ended('x')]),
      unlabelled({ x: { is: 'silent' } }),
    ],
    ['does not adopt a silent one', wait, lookOf([ended('x')]), unlabelled({ x: { is: 'silent' } })],
    [
      'waits for one that is unread, whatever is known of the others',
      wait,
      late([ended('x'), listed('y')]),
      unlabelled({ x: { is: 'foreign' } }),
    ],
    [
      'the item count narrows: another size is not waited for',
      absent,
      late([listed('x', { itemCount: 2 })]),
      unlabelled(),
    ],
    ['does not trust a label there', wait, late([listed('x', { label: label('b') })]), unlabelled()],
    ['an empty list, asked for early enough, proves nothing', wait, lookOf([]), unlabelled()],
    ['an empty list, asked for after T_settle, proves absence', absent, late([]), unlabelled()],
  ];
  for (const [title, wanted, look, context] of cases)
    it(title, () => assert.deepEqual(resolved(look, context), wanted));

  it('counts only what would have been sent: duplicates were not', () => {
    const fold = openFold(
      sealed('first', { items: [[0, 9, 0, 0, { key: 'k' }]] }),
      sealed('b', { items: [...items(2), [0, 5, 0, 0, { key: 'k' }]] }),
      intent('b'),
    );
    assert.deepEqual(resolved(late([listed('x', { itemCount: 3 })]), unlabelled(), fold), absent);
    assert.deepEqual(resolved(late([listed('x', { itemCount: 2 })]), unlabelled(), fold), wait);
  });

  it('does not take what is bound to another batch for a candidate', () => {
    const fold = openIntent(sealed('c', { items: [[0, 9, 0, 0]] }), intent('c'), created('c', 1, 'x'));
    assert.deepEqual(resolved(late([listed('x')]), unlabelled(), fold), absent);
  });
});

describe('resolve, where labels say whose a batch is', () => {
  const cases: [string, unknown, Look][] = [
    [
      'adopts by the label alone: the count may still be 0 while it validates',
      adopts('x'),
      lookOf([listed('x', { itemCount: 0, label: label('b') })]),
    ],
    ['adopts at once, running or ended', adopts('x'), lookOf([ended('x', { label: label('b') })], { askedAt: noon })],
    ['never waits for an unlabelled batch, whatever its size', absent, late([listed('x')])],
    ['never adopts the label of another fleet', absent, late([listed('x', { label: label('b', 'zzzzzz') })])],
    ['never adopts the label of another batch', absent, late([listed('x', { label: label('c') })])],
    ['no label of ours, early: waits', wait, lookOf([listed('x', { label: label('c') })])],
  ];
  for (const [title, wanted, look] of cases) it(title, () => assert.deepEqual(resolved(look, labelled), wanted));
});

describe('the window of candidates', () => {
  const from = noon - skewMs;
  const until = noon + settleMs + skewMs;
  for (const [createdAt, isIn, what] of [
    [from - 1, false, 'a millisecond before t0 − skew'],
    [from, true, 'at t0 − skew: the provider’s clock may be behind'],
    [until, true, 'at t0 + T_settle + skew'],
    [until + 1, false, 'a millisecond after'],
  ] as const) {
    it(`${isIn ? 'holds' : 'does not hold'} a batch created ${what}`, () => {
      const fold = openIntent();
      for (const context of [unlabelled(), labelled]) {
        const look = late([listed('x', { createdAt, label: label('b') })]);
        assert.equal(candidates(fold.view, fold.batch('b'), look, context).length, isIn ? 1 : 0);
      }
    });
  }

  it('is empty for a batch without an open INTENT, and nothing is resolved', () => {
    const histories = [
      [sealed('b')],
      [sealed('b'), closed('b')],
      [sealed('b'), intent('b'), aborted('b')],
      [sealed('b'), intent('b'), created('b')],
    ];
    for (const records of histories) {
      const fold = openFold(...records);
      const look = late([listed('x', { itemCount: 1, label: label('b') })]);
      assert.deepEqual(candidates(fold.view, fold.batch('b'), look, labelled), []);
      assert.deepEqual(resolve(fold.view, fold.batch('b'), look, labelled), wait);
    }
  });

  it('moves with the submission: the second one is judged by its own INTENT', () => {
    const fold = openIntent(aborted('b'));
    fold.add(intent('b', 2), noon + 10 * settleMs);
    assert.deepEqual(resolved(late([]), unlabelled(), fold), wait);
    assert.deepEqual(resolved(lookOf([], { askedAt: noon + 11 * settleMs + 1 }), unlabelled(), fold), absent);
  });
});

describe('proof of absence', () => {
  for (const context of [unlabelled(), labelled]) {
    const name = context.hasLabels ? 'with labels' : 'without labels';

    it(`${name}: askedAt must lie after t0 + T_settle, not at it`, () => {
      assert.deepEqual(resolved(lookOf([], { askedAt: noon + settleMs }), context), wait);
      assert.deepEqual(resolved(lookOf([], { askedAt: noon + settleMs + 1 }), context), absent);
    });

    it(`${name}: the list must reach back beyond t0 − skew of this very INTENT`, () => {
      const reaches = [noon, noon - skewMs + 1, noon - skewMs, noon - skewMs - 1, -Infinity];
      assert.deepEqual(
        reaches.map(reach => resolved(late([], { reach }), context).is),
        ['wait', 'wait', 'wait', 'absent', 'absent'],
        'at the edge the next page may hold a batch of the same moment',
      );
    });

    it(`${name}: one list may prove one INTENT and not an older one`, () => {
      const fold = openIntent(sealed('c', { items: [[0, 9, 0, 0]] }));
      fold.add(intent('c'), noon + skewMs);
      const look = lookOf([], { askedAt: noon + 2 * settleMs, reach: noon - 1 });
      assert.deepEqual(resolve(fold.view, fold.batch('b'), look, context), wait);
      assert.deepEqual(resolve(fold.view, fold.batch('c'), look, context), absent);
    });
  }

  it('adoption needs no reach: what is seen is seen', () => {
    const look = lookOf([ended('x')], { reach: noon });
    assert.deepEqual(resolved(look, unlabelled({ x: { is: 'ours', bk: 'b' } })), adopts('x'));
  });
});

describe('orphans', () => {
  const found = (fold: Fold, look: Look, context: ResolveContext) => orphans(fold.view, look, context);
  const mine = (bk: string): [Look, ResolveContext][] => [
    [lookOf([listed('x', { label: label(bk) })]), labelled],
    [lookOf([ended('x')]), unlabelled({ x: { is: 'ours', bk } })],
  ];

  it('A1: a batch key that is bound to another provider id was bought twice', () => {
    for (const [look, context] of mine('b')) {
      const fold = openFold(sealed('b'), intent('b'), created('b', 1, 'first'));
      const orphan = { pid: 'x', bk: 'b', isBoundElsewhere: true, isForeignFleet: false };
      assert.deepEqual(found(fold, look, context), [orphan]);
      fold.settle(settledOf('b'));
      fold.add(released('b'));
      assert.equal(fold.view.batches.has('b'), false);
      assert.deepEqual(found(fold, look, context), [orphan], 'also when the batch has left the view');
    }
  });

  it('a batch key we know and never bound: counted, and never certain enough to cancel', () => {
    const histories = [[sealed('b')], [sealed('b'), intent('b'), aborted('b')], [sealed('b'), closed('b')]];
    for (const records of histories) {
      for (const [look, context] of mine('b')) {
        const [orphan] = found(openFold(...records), look, context);
        assert.deepEqual(orphan, { pid: 'x', bk: 'b', isBoundElsewhere: false, isForeignFleet: false });
      }
    }
  });

  it('a batch key of a void SEALED is known', () => {
    const fold = openFold(sealed('first'), sealed('b'));
    for (const [look, context] of mine('b')) assert.equal(found(fold, look, context)[0]?.isForeignFleet, false);
  });

  it('a batch key we do not know under our fleet id: the log was copied', () => {
    for (const [look, context] of mine('strange')) {
      const [orphan] = found(openFold(sealed('b')), look, context);
      assert.deepEqual(orphan, { pid: 'x', bk: 'strange', isBoundElsewhere: false, isForeignFleet: true });
    }
  });

  it('none: what an open INTENT explains, what is bound, and what carries no mark of ours', () => {
    for (const [look, context] of mine('b')) {
      assert.deepEqual(found(openIntent(), look, context), []);
      assert.deepEqual(found(openFold(sealed('b'), intent('b'), created('b', 1, 'x')), look, context), []);
    }
    const unmarked = [listed('x'), listed('y', { label: label('strange', 'zzzzzz') })];
    assert.deepEqual(found(openFold(), lookOf(unmarked), labelled), []);
    assert.deepEqual(
      found(
        openFold(),
        lookOf([listed('x'), ended('y'), ended('z')]),
        unlabelled({ y: { is: 'foreign' }, z: { is: 'silent' } }),
      ),
      [],
    );
  });

  it('are not told by a label where labels prove nothing', () => {
    assert.deepEqual(found(openFold(), lookOf([listed('x', { label: label('strange') })]), unlabelled()), []);
  });
});

describe('lookBackTo', () => {
  it('reaches back to t0 − skew of the oldest open INTENT or batch of this account', () => {
    const fold = openFold();
    assert.equal(lookBackTo(fold.view, 'main', timing), Infinity);
    for (const [bk, account, at] of [
      ['b1', 'main', 500],
      ['b2', 'main', 300],
      ['b3', 'other', 100],
      ['b4', 'main', 200],
    ] as const) {
      fold.add(sealed(bk, { account, items: [[0, at, 0, 0]] }), noon);
      fold.add(intent(bk), noon + at);
    }
    fold.add(created('b2'), noon + 900);
    fold.add(aborted('b4'), noon + 900);
    assert.equal(lookBackTo(fold.view, 'main', timing), noon + 300 - skewMs);
    fold.settle(settledOf('b2'));
    assert.equal(lookBackTo(fold.view, 'main', timing), noon + 500 - skewMs);
  });
});

describe('lookDelayMs', () => {
  it('is a quarter of the age of the youngest open batch or INTENT, between its bounds', () => {
    const fold = openIntent();
    const delayAt = (now: number) => lookDelayMs(fold.view, 'main', { now, timing });
    assert.deepEqual([delayAt(noon - 5_000), delayAt(noon), delayAt(noon + 1_000)], [250, 250, 250]);
    assert.deepEqual([delayAt(noon + 40_000), delayAt(noon + 1e9)], [10_000, 300_000]);
  });

  it('is null when nothing of the account is open', () => {
    assert.equal(lookDelayMs(openIntent().view, 'other', { now: noon, timing }), null);
    assert.equal(lookDelayMs(openIntent(aborted('b')).view, 'main', { now: noon, timing }), null);
  });

  it('stays within its bounds for any journal, clock and scale', () => {
    checkProperty(
      fc.property(
        journalArbitrary(),
        fc.integer({ min: -1e9, max: 1e10 }),
        fc.constantFrom(1, 60, 5_000),
        (journal, after, scale) => {
          const view = createView();
          for (const record of journal) reduceJournal(view, record);
          const bounds = timingFor(scale);
          const delay = lookDelayMs(view, 'main', { now: noon + after, timing: bounds });
          const isOpen = [...view.batches.values()].some(
            ({ state }) => state.is === 'intent' || state.is === 'created',
          );
          assert.equal(delay !== null, isOpen);
          if (delay !== null) assert.ok(delay >= bounds.lookMinMs && delay <= bounds.lookMaxMs);
        },
      ),
    );
  });
});
