import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aborted,
  cancel,
  cap,
  closed,
  created,
  type Fold,
  intent,
  noon,
  openFold,
  released,
  retryRow,
  sealed,
  settledOf,
} from '#test/support/journal-records.ts';
import { type JournalKind, type JournalRecord, journalKinds, type Stamped } from './journal.ts';
import { acceptsIntent, reduceJournal, transitions } from './reduce-journal.ts';
import { type BatchStateName, primesKeptMs } from './view.ts';

/** A batch in each state: what the journal holds about it. */
const historyOf: Readonly<Record<BatchStateName, readonly JournalRecord[]>> = {
  sealed: [sealed('b')],
  unsent: [sealed('b', { type: 'reject' })],
  intent: [sealed('b'), intent('b')],
  aborted: [sealed('b'), intent('b'), aborted('b')],
  created: [sealed('b'), intent('b'), created('b')],
  released: [sealed('b'), intent('b'), created('b'), released('b')],
  closed: [sealed('b'), closed('b')],
};

/** A record of each kind that is as right as it can be after that history. */
const nextOf: Readonly<Record<JournalKind, (state: BatchStateName) => JournalRecord>> = {
  FLEET: () => ({ kind: 'FLEET', fleet: 'abcdef', partitions: 1, settledPartitions: 32 }),
  ACCOUNT: () => ({ kind: 'ACCOUNT', account: 'main', provider: 'anthropic', baseUrl: 'https://x', owner: 'o' }),
  REPIN: () => ({ kind: 'REPIN', account: 'main', owner: 'o' }),
  CAP: () => cap('account:main:items', 10),
  SEALED: () => sealed('b', { items: [[0, 9, 0, 0]] }),
  INTENT: state => intent('b', state === 'aborted' ? 2 : 1),
  CREATED: () => created('b'),
  ABORTED: () => aborted('b'),
  CLOSED: () => closed('b'),
  RELEASED: () => released('b'),
  PRIME: () => ({ kind: 'PRIME', id: 'p', account: 'main', prefix: 'x', nonce: 'n', reserve: {} }),
  PRIMED: () => ({ kind: 'PRIMED', id: 'p', actual: {} }),
  ADJUSTED: () => ({ kind: 'ADJUSTED', account: 'main', until: 60_000, billed: 3, booked: 5 }),
  CANCEL: () => cancel('A'),
};

/** Where a transition of the table leads to. */
const leadsTo: Partial<Record<JournalKind, BatchStateName>> = {
  INTENT: 'intent',
  CREATED: 'created',
  ABORTED: 'aborted',
  CLOSED: 'closed',
  RELEASED: 'released',
};

/** Kinds that say nothing about a batch that is already sealed. */
const isAboutABatch = (kind: JournalKind): boolean => kind === 'SEALED' || kind in leadsTo;

const states = Object.keys(historyOf) as BatchStateName[];

describe('every state of a batch × every record of the journal', () => {
  for (const state of states) {
    for (const kind of journalKinds) {
      const isTransition = transitions[state].includes(kind);
      const title = isTransition ? `leads to ${leadsTo[kind]}` : isAboutABatch(kind) ? 'is refused' : 'leaves it alone';
      it(`${state} × ${kind} ${title}`, () => {
        const fold = openFold(...historyOf[state]);
        assert.equal(fold.batch('b').state.is, state);
        const before = structuredClone(fold.batch('b'));
        const verdict = fold.add(nextOf[kind](state));
        if (isTransition) {
          assert.equal(verdict, 'accepted');
          assert.equal(fold.batch('b').state.is, leadsTo[kind]);
          return;
        }
        if (isAboutABatch(kind)) assert.equal(verdict, 'refused');
        assert.deepEqual(fold.batch('b'), before);
      });
    }
  }

  it('covers the whole table: every transition is one of the pairs above', () => {
    assert.deepEqual(Object.keys(transitions).sort(), [...states].sort());
    for (const kinds of Object.values(transitions)) for (const kind of kinds) assert.ok(kind in leadsTo);
  });
});

describe('FLEET', () => {
  const fleet = (id: string) => ({ kind: 'FLEET' as const, fleet: id, partitions: 3, settledPartitions: 32 });

  it('is accepted once: the first id is the fleet', () => {
    const { view, addAll } = openFold();
    assert.deepEqual(addAll(fleet('aaaaaa'), fleet('bbbbbb'), fleet('aaaaaa')), ['accepted', 'refused', 'refused']);
    assert.deepEqual(view.fleet, { id: 'aaaaaa', partitions: 3, settledPartitions: 32 });
  });
});

describe('ACCOUNT and REPIN', () => {
  const account = (owner: string) => {
    return { kind: 'ACCOUNT' as const, account: 'main', provider: 'anthropic', baseUrl: 'https://x', owner };
  };
  const repin = (name: string, owner: string) => ({ kind: 'REPIN' as const, account: name, owner });

  it('pins the first owner of an account; a second ACCOUNT cannot move it (C25)', () => {
    const { view, addAll } = openFold();
    assert.deepEqual(addAll(account('one'), account('two')), ['accepted', 'refused']);
    assert.equal(view.accounts.get('main')?.owner, 'one');
  });

  it('pins each account by itself', () => {
    const { view, addAll } = openFold(account('one'));
    assert.deepEqual(addAll({ ...account('two'), account: 'other' }), ['accepted']);
    assert.deepEqual([...view.accounts.keys()], ['main', 'other']);
  });

  it('is moved by an operator, and keeps provider and base URL', () => {
    const { view, addAll } = openFold(account('one'));
    assert.deepEqual(addAll(repin('main', 'two')), ['accepted']);
    assert.deepEqual(view.accounts.get('main'), { provider: 'anthropic', baseUrl: 'https://x', owner: 'two' });
  });

  it('refuses a REPIN of an account nobody pinned', () => {
    const { view, addAll } = openFold();
    assert.deepEqual(addAll(repin('main', 'two')), ['refused']);
    assert.equal(view.accounts.size, 0);
  });
});

describe('SEALED', () => {
  it('gives each purchase to the first that names it; the second sends the rest (C5)', () => {
    const fold = openFold(
      sealed('one', {
        items: [
          [0, 1, 0, 0],
          [0, 2, 0, 0],
        ],
      }),
      sealed('two', {
        items: [
          [0, 2, 0, 0],
          [0, 3, 0, 0],
        ],
      }),
    );
    assert.deepEqual(
      fold.batch('two').items.map(item => item.offset),
      [3],
    );
  });

  it('tells attempts of one record apart, and records of other partitions', () => {
    const fold = openFold(sealed('one', { items: [[0, 1, 0, 0]] }));
    const next = sealed('two', {
      items: [
        [0, 1, 1, 1],
        [1, 1, 0, 0],
      ],
    });
    assert.equal(fold.add(next), 'accepted');
    assert.equal(fold.batch('two').items.length, 2);
  });

  it('is void when it won nothing, and its key is spent all the same (C20)', () => {
    const fold = openFold(sealed('one'));
    assert.equal(fold.add(sealed('two')), 'refused');
    assert.equal(fold.add(sealed('two', { items: [[0, 9, 0, 0]] })), 'refused');
    assert.equal(fold.add(intent('two')), 'refused');
    assert.equal(fold.add(closed('two')), 'refused');
    assert.equal(fold.view.batches.has('two'), false);
    assert.equal(fold.view.bks.get('two'), null);
  });

  it('refuses a batch key that is not new, and claims nothing by it', () => {
    const fold = openFold(sealed('one'));
    assert.equal(fold.add(sealed('one', { items: [[0, 9, 0, 0, { key: 'k' }]] })), 'refused');
    assert.equal(fold.view.claims.has({ partition: 0, offset: 9, att: 0 }), false);
    assert.equal(fold.view.keys.has('k'), false);
  });

  it('claims the same purchase named twice in one record once', () => {
    const fold = openFold(
      sealed('one', {
        items: [
          [0, 1, 0, 0],
          [0, 1, 0, 0],
        ],
      }),
    );
    assert.equal(fold.batch('one').items.length, 1);
  });

  it('gives an idempotency key to the first record; another record with it ends as a duplicate (C1, C21)', () => {
    const fold = openFold(
      sealed('one', {
        items: [
          [0, 1, 0, 0, { key: 'k' }],
          [0, 2, 0, 0, { key: 'k' }],
        ],
      }),
    );
    assert.deepEqual(
      fold.batch('one').items.map(item => item.isDuplicate),
      [false, true],
    );
    assert.equal(fold.view.keys.get('k'), '0/1');
  });

  it('lets a retry keep the key of its own record', () => {
    const fold = openFold(sealed('one', { items: [[0, 1, 0, 0, { key: 'k' }]] }));
    fold.add(sealed('two', { items: [[0, 1, 1, 1, { key: 'k' }]] }));
    assert.equal(fold.batch('two').items[0]?.isDuplicate, false);
    assert.equal(fold.batch('two').state.is, 'sealed');
  });

  it('does not let an item that lost its purchase claim a key', () => {
    const fold = openFold(sealed('one', { items: [[0, 1, 0, 0]] }));
    fold.add(
      sealed('two', {
        items: [
          [0, 1, 0, 0, { key: 'k' }],
          [0, 2, 0, 0, { key: 'k' }],
        ],
      }),
    );
    assert.equal(fold.view.keys.get('k'), '0/2');
  });

  it('settles without INTENT when all that it won lost by key', () => {
    const fold = openFold(sealed('one', { items: [[0, 1, 0, 0, { key: 'k' }]] }));
    assert.equal(fold.add(sealed('two', { items: [[0, 2, 0, 0, { key: 'k' }]] })), 'accepted');
    assert.equal(fold.batch('two').state.is, 'unsent');
    assert.equal(fold.add(intent('two')), 'refused');
  });

  it('settles rejects and reuse without INTENT', () => {
    for (const type of ['reject', 'reuse'] as const) {
      const fold = openFold(sealed('one', { type, items: [[0, 1, 0, 0, { of: [0, 0] }]] }));
      assert.equal(fold.batch('one').state.is, 'unsent');
      assert.equal(fold.add(intent('one')), 'refused');
    }
  });

  it('keeps the counts that stand in it: charged and uncharged are never taken from the view', () => {
    const fold = openFold(sealed('one', { items: [[0, 1, 5, 2, { uncharged: 3 }]] }));
    const [item] = fold.batch('one').items;
    assert.deepEqual([item?.att, item?.charged, item?.uncharged], [5, 2, 3]);
  });

  it('takes away the retry that it claims (C20)', () => {
    const fold = openFold(sealed('one'));
    fold.settle(settledOf('one', [retryRow(0, 0, 1)]));
    assert.equal(fold.view.retries.size, 1);
    fold.add(sealed('two', { items: [[0, 0, 1, 1]] }));
    assert.equal(fold.view.retries.size, 0);
  });
});

describe('INTENT', () => {
  it('is refused for a batch key nobody sealed', () => {
    assert.equal(openFold().add(intent('b')), 'refused');
  });

  it('has one winner: the second with the same number is refused, and the view names the nonce', () => {
    const fold = openFold(sealed('b'), intent('b', 1, {}, { nonce: 'mine' }));
    assert.equal(fold.add(intent('b', 1, {}, { nonce: 'theirs' })), 'refused');
    const { state } = fold.batch('b');
    assert.equal(state.is === 'intent' && state.intent.nonce, 'mine');
  });

  for (const sub of [0, 2, 3, -1, 1.5, Number.NaN]) {
    it(`is refused as submission ${sub} when 1 is due`, () => {
      assert.equal(openFold(sealed('b')).add(intent('b', sub)), 'refused');
    });
  }

  for (const sub of [1, 3]) {
    it(`is refused as submission ${sub} when 2 is due, after the first was aborted`, () => {
      assert.equal(openFold(sealed('b'), intent('b'), aborted('b')).add(intent('b', sub)), 'refused');
    });
  }

  it('is refused once one of its runs is canceled, although only one is', () => {
    const fold = openFold(sealed('b', { runs: ['A', 'B'] }), cancel('B'));
    assert.equal(fold.add(intent('b')), 'refused');
  });

  it('is accepted when another run is canceled', () => {
    assert.equal(openFold(sealed('b', { runs: ['A'] }), cancel('B')).add(intent('b')), 'accepted');
  });

  it('stays open when its run is canceled after it: what is created is collected', () => {
    const fold = openFold(sealed('b', { runs: ['A'] }), intent('b'), cancel('A'));
    assert.equal(fold.add(created('b')), 'accepted');
  });

  it('is foretold by acceptsIntent, which changes nothing', () => {
    const fold = openFold(sealed('b'), cap('account:main:items', 5));
    const before = structuredClone(fold.batch('b'));
    assert.equal(acceptsIntent(fold.view, intent('b', 1, { 'account:main:items': 5 }), noon), true);
    assert.equal(acceptsIntent(fold.view, intent('b', 1, { 'account:main:items': 6 }), noon), false);
    assert.equal(acceptsIntent(fold.view, intent('b', 2), noon), false);
    assert.deepEqual(fold.batch('b'), before);
  });
});

describe('CAP (S5)', () => {
  const scope = 'account:main:money';
  const day = 24 * 3_600_000;

  /** Batches b1, b2 … with nothing in common. */
  function capped(...records: JournalRecord[]): Fold {
    const batches = [1, 2, 3, 4].map(n => sealed(`b${n}`, { items: [[0, n, 0, 0]] }));
    return openFold(...batches, ...records);
  }
  const spend = (n: number, amount: number) => intent(`b${n}`, 1, { [scope]: amount });

  it('accepts what fits exactly, and refuses one more', () => {
    const { add } = capped(cap(scope, 10));
    assert.equal(add(spend(1, 10)), 'accepted');
    assert.equal(add(spend(2, 1)), 'refused');
  });

  it('adds what is reserved to what is spent', () => {
    const { addAll } = capped(cap(scope, 10), spend(1, 6), created('b1'), released('b1', { [scope]: 4 }));
    assert.deepEqual(addAll(spend(2, 5), spend(3, 2), spend(3, 1)), ['accepted', 'refused', 'accepted']);
  });

  it('holds every scope of a reserve', () => {
    const { add } = capped(cap('run:A:money', 1));
    assert.equal(add(intent('b1', 1, { [scope]: 5, 'run:A:money': 2 })), 'refused');
    assert.equal(add(intent('b1', 1, { [scope]: 5, 'run:A:money': 1 })), 'accepted');
  });

  it('does not hold a scope that the reserve does not name', () => {
    assert.equal(capped(cap('run:A:money', 0)).add(spend(1, 5)), 'accepted');
  });

  it('is replaced by a later one, up and down, and lifted by null', () => {
    const { add } = capped(cap(scope, 1));
    assert.equal(add(spend(1, 5)), 'refused');
    assert.equal(add(cap(scope, 5)), 'accepted');
    assert.equal(add(spend(1, 5)), 'accepted');
    assert.equal(add(cap(scope, 2)), 'accepted');
    assert.equal(add(spend(2, 1)), 'refused');
    assert.equal(add(cap(scope, null)), 'accepted');
    assert.equal(add(spend(2, 100)), 'accepted');
  });

  it('counts what was reserved before the cap was set', () => {
    assert.equal(capped(spend(1, 9), cap(scope, 10)).add(spend(2, 2)), 'refused');
  });

  it('gives an aborted reserve back, and takes it once more for the next submission', () => {
    const { addAll, view } = capped(cap(scope, 10), spend(1, 10), aborted('b1'));
    assert.equal(view.used.size, 0);
    assert.deepEqual(addAll(spend(2, 10), intent('b1', 2, { [scope]: 1 })), ['accepted', 'refused']);
  });

  it('keeps caps of different periods apart: the tightest one decides', () => {
    const { add } = capped(cap(scope, 100, 'month'), cap(scope, 10, 'day'));
    assert.equal(add(spend(1, 10)), 'accepted');
    assert.equal(add(spend(2, 1)), 'refused');
    assert.equal(add(spend(2, 10), noon + day), 'accepted');
  });

  it('sums up over the days of a month', () => {
    const { add } = capped(cap(scope, 15, 'month'));
    assert.equal(add(spend(1, 10)), 'accepted');
    assert.equal(add(spend(2, 10), noon + day), 'refused');
    assert.equal(add(spend(2, 5), noon + day), 'accepted');
  });

  it('never forgets a total', () => {
    const { add } = capped(cap(scope, 10));
    assert.equal(add(spend(1, 10)), 'accepted');
    assert.equal(add(spend(2, 1), noon + 400 * day), 'refused');
  });

  const midnight = Date.UTC(2026, 10, 16);
  const monthEnd = Date.UTC(2026, 11, 1);
  for (const [period, boundary] of [
    ['day', midnight],
    ['month', monthEnd],
  ] as const) {
    it(`begins a new ${period} at midnight UTC by the journal's time, not a millisecond before`, () => {
      const { add } = capped(cap(scope, 10, period));
      assert.equal(add(spend(1, 10), boundary - 1), 'accepted');
      assert.equal(add(spend(2, 1), boundary - 1), 'refused');
      assert.equal(add(spend(2, 10), boundary), 'accepted');
    });

    it(`books a release after the end of the ${period} where its INTENT was`, () => {
      const { add } = capped(cap(scope, 10, period));
      add(spend(1, 10), boundary - 1);
      add(created('b1'), boundary - 1);
      add(released('b1', { [scope]: 10 }), boundary + 1);
      assert.equal(add(spend(2, 10), boundary + 1), 'accepted', 'nothing was spent in the new period');
      assert.equal(add(spend(3, 1), boundary - 1), 'refused', 'and all of it in the old one');
    });

    it(`gives a reserve back to the ${period} it was taken from, when it is aborted in the next one`, () => {
      const { add } = capped(cap(scope, 10, period));
      add(spend(1, 10), boundary - 1);
      add(spend(2, 10), boundary);
      add(aborted('b1'), boundary + 1);
      assert.equal(add(spend(3, 1), boundary + 2), 'refused', 'the new period is still full');
      assert.equal(add(spend(3, 10), boundary - 1), 'accepted', 'the old one is empty');
    });
  }
});

describe('CREATED and ABORTED', () => {
  it('bind the provider id of the open INTENT', () => {
    const fold = openFold(sealed('b'), intent('b'));
    assert.equal(fold.add(created('b', 1, 'pid')), 'accepted');
    assert.equal(fold.view.pids.get('pid'), 'b');
    assert.equal(fold.view.bks.get('b'), 'pid');
  });

  for (const sub of [0, 2]) {
    it(`are refused for submission ${sub} while 1 is open`, () => {
      const fold = openFold(sealed('b'), intent('b'));
      assert.equal(fold.add(created('b', sub)), 'refused');
      assert.equal(fold.add(aborted('b', sub)), 'refused');
      assert.equal(fold.batch('b').state.is, 'intent');
    });
  }

  it('A1 C14: a CREATED that comes after ABORTED and the next INTENT is refused, and binds nothing', () => {
    const fold = openFold(sealed('b'), intent('b'), aborted('b'), intent('b', 2));
    assert.equal(fold.add(created('b', 1, 'late')), 'refused');
    assert.equal(fold.view.pids.has('late'), false);
    assert.equal(fold.add(created('b', 2, 'pid')), 'accepted');
  });

  it('C14: a CREATED after ABORTED alone is refused', () => {
    assert.equal(openFold(sealed('b'), intent('b'), aborted('b')).add(created('b')), 'refused');
  });

  it('C13: a second CREATED is refused, whatever id it names', () => {
    const fold = openFold(sealed('b'), intent('b'), created('b', 1, 'pid'));
    assert.equal(fold.add(created('b', 1, 'pid')), 'refused');
    assert.equal(fold.add(created('b', 1, 'other')), 'refused');
    assert.equal(fold.view.bks.get('b'), 'pid');
    assert.equal(fold.view.pids.has('other'), false);
  });

  it('an ABORTED after CREATED is refused: bought is bought', () => {
    const fold = openFold(sealed('b'), intent('b', 1, { 'account:main:money': 5 }), created('b'));
    assert.equal(fold.add(aborted('b')), 'refused');
    assert.equal(fold.view.used.get('account:main:money|total'), 5);
  });

  it('a second ABORTED is refused, and gives nothing back twice', () => {
    const fold = openFold(sealed('b'), intent('b', 1, { 'account:main:money': 5 }), aborted('b'));
    assert.equal(fold.add(aborted('b')), 'refused');
    assert.equal(fold.view.used.size, 0);
  });
});

describe('CLOSED', () => {
  it('is only for what is not under way: an open INTENT may have bought already', () => {
    assert.equal(openFold(sealed('b'), intent('b')).add(closed('b')), 'refused');
  });

  it('ends a batch for good: no INTENT after it, and the first reason counts', () => {
    const fold = openFold(sealed('b'), closed('b', 'split'));
    assert.deepEqual(fold.addAll(intent('b'), closed('b', 'canceled')), ['refused', 'refused']);
    const { state } = fold.batch('b');
    assert.equal(state.is === 'closed' && state.why, 'split');
  });

  it('remembers the time of the journal, which is what deadlines are held against', () => {
    const fold = openFold(sealed('b'));
    fold.add(closed('b'), noon + 5);
    const { state } = fold.batch('b');
    assert.equal(state.is === 'closed' && state.at, noon + 5);
  });
});

describe('RELEASED', () => {
  const reserve = { 'account:main:money': 9, 'account:main:items': 3 };

  it('puts what was spent in place of the reserve', () => {
    const fold = openFold(
      sealed('b'),
      intent('b', 1, reserve),
      created('b'),
      released('b', { 'account:main:money': 4 }),
    );
    assert.equal(fold.view.used.get('account:main:money|total'), 4);
    assert.equal(fold.view.used.has('account:main:items|total'), false);
  });

  it('counts once (C19)', () => {
    const fold = openFold(sealed('b'), intent('b', 1, reserve), created('b'), released('b'));
    assert.equal(fold.add(released('b', { 'account:main:money': 4 })), 'refused');
    assert.equal(fold.view.used.size, 0);
  });

  it('counts once also when the batch has left the view', () => {
    const fold = openFold(sealed('b'), intent('b', 1, reserve), created('b'));
    fold.settle(settledOf('b'));
    assert.equal(fold.add(released('b')), 'accepted');
    assert.equal(fold.view.batches.has('b'), false);
    assert.equal(fold.add(released('b', reserve)), 'refused');
    assert.equal(fold.view.used.size, 0);
  });

  it('may book more than was reserved: then the next INTENT feels it', () => {
    const fold = openFold(sealed('b'), sealed('c', { items: [[0, 9, 0, 0]] }), cap('account:main:money', 10));
    fold.addAll(intent('b', 1, { 'account:main:money': 9 }), created('b'), released('b', { 'account:main:money': 12 }));
    assert.equal(fold.add(intent('c', 1, { 'account:main:money': 0 })), 'refused');
  });
});

describe('PRIME and PRIMED', () => {
  const scope = 'account:main:money';
  const prime = (id: string, amount: number) => {
    return { kind: 'PRIME' as const, id, account: 'main', prefix: 'x', nonce: 'n', reserve: { [scope]: amount } };
  };
  const primed = (id: string, amount: number) => ({ kind: 'PRIMED' as const, id, actual: { [scope]: amount } });

  it('reserve as an INTENT does: within every cap', () => {
    const { addAll } = openFold(cap(scope, 10));
    assert.deepEqual(addAll(prime('one', 8), prime('two', 3), prime('two', 2)), ['accepted', 'refused', 'accepted']);
  });

  it('are accepted once for an id', () => {
    const { addAll, view } = openFold();
    const verdicts = addAll(primed('one', 1), prime('one', 8), prime('one', 8), primed('one', 3), primed('one', 3));
    assert.deepEqual(verdicts, ['refused', 'accepted', 'refused', 'accepted', 'refused']);
    assert.equal(view.used.get(`${scope}|total`), 3);
  });

  it('S5: are accepted once for an id, also when the view has let go of it', () => {
    const { add, view } = openFold();
    const later = noon + primesKeptMs + 1;
    add(prime('one', 8));
    add(primed('one', 3));
    add(prime('open', 8));
    assert.equal(add(prime('two', 1), later), 'accepted');
    assert.deepEqual([...view.primes.keys()], ['open', 'two']);
    assert.deepEqual([add(prime('one', 8), later), add(primed('one', 3), later)], ['refused', 'refused']);
    assert.equal(add(primed('open', 8), later), 'accepted');
  });

  it('win only while fewer than their bound were bought in the hour before them', () => {
    const { add, view } = openFold();
    const within = (id: string, perHour: number) => ({ ...prime(id, 1), perHour });
    const hour = 3_600_000;
    assert.equal(add(within('none', 0)), 'refused');
    assert.deepEqual([add(within('one', 2)), add(within('two', 2), noon + 1)], ['accepted', 'accepted']);
    assert.equal(add(within('three', 2), noon + hour - 1), 'refused');
    assert.equal(add(within('other', 3), noon + hour - 1), 'accepted', 'each by its own bound');
    assert.equal(add(within('three', 2), noon + hour), 'refused', 'two and other');
    assert.equal(add(within('three', 2), noon + hour + 1), 'accepted');
    assert.equal(add(within('back', 2), noon + 2), 'refused', 'later stamps count');
    assert.deepEqual([...view.primes.keys()], ['one', 'two', 'other', 'three']);
  });

  it('give their place in the hour back when they were not bought, and keep it while nobody knows', () => {
    const { addAll } = openFold();
    const within = (id: string) => ({ ...prime(id, 1), perHour: 1 });
    const verdicts = addAll(
      within('one'),
      within('two'),
      primed('one', 0),
      within('two'),
      primed('two', 1),
      within('x'),
    );
    assert.deepEqual(verdicts, ['accepted', 'refused', 'accepted', 'accepted', 'accepted', 'refused']);
  });

  it('of earlier programs have no bound, and count for those that have', () => {
    const { addAll } = openFold();
    const bound = { ...prime('bound', 1), perHour: 2 };
    assert.deepEqual(addAll(prime('one', 1), prime('two', 1), prime('three', 1), bound), [
      'accepted',
      'accepted',
      'accepted',
      'refused',
    ]);
  });

  it('know what was bought from what was not', () => {
    const { addAll, view } = openFold();
    addAll(prime('one', 8), prime('two', 8), prime('three', 8), primed('one', 8), primed('two', 0));
    assert.deepEqual(
      [...view.primes.values()].map(({ state }) => state),
      ['spent', 'unsent', 'open'],
    );
  });

  it('book in the day of the PRIME', () => {
    const { add } = openFold(cap(scope, 10, 'day'));
    add(prime('one', 10), noon);
    add(primed('one', 10), noon + 24 * 3_600_000);
    assert.equal(add(prime('two', 10), noon + 24 * 3_600_000), 'accepted');
    assert.equal(add(prime('three', 1), noon), 'refused');
  });
});

describe('CANCEL', () => {
  it('is accepted always, also for a run nobody has seen, and twice', () => {
    const { addAll, view } = openFold();
    assert.deepEqual(addAll(cancel('A'), cancel('A')), ['accepted', 'accepted']);
    assert.deepEqual([...view.canceledRuns], ['A']);
  });
});

describe('a record of a kind that this code does not know', () => {
  const add = (fold: Fold, kind: string) => reduceJournal(fold.view, { kind, at: noon } as unknown as Stamped);

  it('is refused, and noted: this worker must not create', () => {
    const fold = openFold(sealed('b'));
    assert.equal(add(fold, 'HEDGED'), 'refused');
    assert.deepEqual(fold.view.unknown, { what: 'journal record HEDGED' });
  });

  it('leaves the first note standing, and everything else as it was', () => {
    const fold = openFold(sealed('b'));
    for (const kind of ['HEDGED', 'constructor', '__proto__']) assert.equal(add(fold, kind), 'refused');
    assert.deepEqual(fold.view.unknown, { what: 'journal record HEDGED' });
    assert.equal(fold.batch('b').state.is, 'sealed');
  });
});

describe('ADJUSTED', () => {
  const [day, month] = [noon, noon].map((at, index) => new Date(at).toISOString().slice(0, index === 0 ? 10 : 7));
  const adjusted = (until: number, billed: number, booked: number) => {
    return { kind: 'ADJUSTED' as const, account: 'main', until, billed, booked };
  };
  const usedBy = (scope: string, { view }: ReturnType<typeof openFold>) =>
    ['total', day, month].map(period => view.used.get(`${scope}|${period}`) ?? 0);
  const spent = { 'account:main:money': 10, 'fleet:money': 10, 'task:t:money': 10 };
  const open = () =>
    openFold(sealed('b'), { ...intent('b'), reserve: spent }, created('b'), {
      kind: 'RELEASED',
      bk: 'b',
      actual: spent,
    });

  it('puts what was billed in the place of the worst case, for account and fleet, in total only', () => {
    const fold = open();
    assert.equal(fold.add(adjusted(60_000, 3, 7)), 'accepted');
    assert.deepEqual(usedBy('account:main:money', fold), [6, 10, 10]);
    assert.deepEqual(usedBy('fleet:money', fold), [6, 10, 10]);
    assert.deepEqual(usedBy('task:t:money', fold), [10, 10, 10]);
  });

  it('counts an orphan, which no book had, in the day in which it became known', () => {
    const fold = open();
    fold.add(adjusted(60_000, 5, 0));
    assert.deepEqual(usedBy('fleet:money', fold), [15, 15, 15]);
  });

  it('counts the same comparison once, and of several the latest moment, whatever came between', () => {
    const fold = open();
    const verdicts = fold.addAll(adjusted(120_000, 3, 7), adjusted(120_000, 3, 7), adjusted(60_000, 9, 9));
    assert.deepEqual(verdicts, ['accepted', 'refused', 'refused']);
    assert.equal(fold.add(adjusted(180_000, 8, 9)), 'accepted');
    assert.equal(usedBy('account:main:money', fold)[0], 9);
    assert.deepEqual(fold.view.adjusted.get('main'), { until: 180_000, billed: 8, booked: 9 });
  });

  it('is refused from the future: it would keep all others out until then', () => {
    const fold = open();
    assert.equal(fold.add(adjusted(noon + 40 * 86_400_000, 3, 7)), 'refused');
    assert.equal(fold.add(adjusted(60_000, 3, 7)), 'accepted');
  });

  it('is of one account: that of another stands beside it', () => {
    const fold = open();
    fold.addAll(adjusted(60_000, 3, 7), { ...adjusted(60_000, 4, 0), account: 'other' });
    assert.equal(usedBy('account:other:money', fold)[0], 4);
    assert.equal(usedBy('fleet:money', fold)[0], 10);
  });
});
