import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aborted,
  closed,
  created,
  intent,
  openFold,
  released,
  retryRow,
  sealed,
  settledOf,
} from '#test/support/journal-records.ts';
import { dueRetries, isSettled } from './view.ts';

describe('reduceSettled', () => {
  it('counts the first per batch; a copy changes nothing', () => {
    const fold = openFold(sealed('b'), intent('b'), created('b'));
    fold.settle(settledOf('b', [], { money: 1 }));
    fold.settle(settledOf('b', [retryRow(0, 0, 1)], { money: 2 }));
    assert.deepEqual(fold.batch('b').settled, { actual: { money: 1 } });
    assert.equal(fold.view.retries.size, 0);
  });

  it('waits for its SEALED when it is read first, and counts the first of two then too', () => {
    const fold = openFold();
    fold.settle(settledOf('b', [retryRow(0, 0, 1)], { money: 1 }));
    fold.settle(settledOf('b', [], { money: 2 }));
    assert.equal(isSettled(fold.view, 'b'), true);
    fold.add(sealed('b'));
    assert.deepEqual(fold.batch('b').settled, { actual: { money: 1 } });
    assert.equal(fold.view.settledAhead.size, 0);
    assert.equal(fold.view.retries.size, 1);
  });

  it('does not keep waiting for a batch that turned out void', () => {
    const fold = openFold(sealed('one'));
    fold.settle(settledOf('two', [retryRow(0, 7, 1)]));
    fold.add(sealed('two'));
    assert.equal(fold.view.settledAhead.size, 0);
    assert.equal(fold.view.retries.size, 0);
  });

  it('does not bring back a retry that is claimed already (C20)', () => {
    const fold = openFold(sealed('one'), sealed('two', { items: [[0, 0, 1, 1]] }));
    fold.settle(settledOf('one', [retryRow(0, 0, 1), retryRow(0, 5, 1)]));
    assert.deepEqual([...fold.view.retries.keys()], ['0-5-1']);
  });

  it('is ignored for a batch that has left the view', () => {
    const fold = openFold(sealed('b'), closed('b'));
    fold.settle(settledOf('b'));
    fold.settle(settledOf('b', [retryRow(0, 0, 1)]));
    assert.equal(fold.view.retries.size, 0);
    assert.equal(fold.view.settledAhead.size, 0);
  });
});

describe('what a batch put at risk for its markers', () => {
  const plan = { use: 'marked' as const, marks: [{ depth: 1, hash: 'p', ttl: '5m' as const, prime: false }] };
  const planned = () => {
    const fold = openFold();
    const seen = { bk: 'b', hash: 'p', model: 'claude-haiku-4-5', items: 1, tokens: 5_000, at: 0 };
    fold.view.lessons.see({ ...seen, ttl: '5m', isPrimed: false, atRisk: 7 });
    fold.add(sealed('b', { plan }));
    return fold;
  };

  it('is no longer at risk once it is settled, though nothing was answered', () => {
    const fold = planned();
    assert.equal(fold.view.lessons.sightings('p')[0]?.atRisk, 7);
    fold.settle(settledOf('b'));
    assert.equal(fold.view.lessons.sightings('p')[0]?.atRisk, 0);
    assert.equal(fold.view.lessons.model('claude-haiku-4-5').sightings[0]?.atRisk, 0);
  });

  it('never was, once it is closed without having been sent', () => {
    const fold = planned();
    fold.add(closed('b'));
    assert.deepEqual(fold.view.lessons.sightings('p'), []);
    assert.deepEqual(fold.view.lessons.model('claude-haiku-4-5').sightings, []);
  });
});

describe('a batch leaves the view once nothing can change about it', () => {
  const history = {
    'closed unsent': [sealed('b'), closed('b')],
    'closed after an abort': [sealed('b'), intent('b'), aborted('b'), closed('b')],
    'never to be sent': [sealed('b', { type: 'reject' })],
    released: [sealed('b'), intent('b'), created('b'), released('b')],
  } as const;

  for (const [name, records] of Object.entries(history)) {
    for (let cut = 0; cut <= records.length; cut++) {
      it(`${name}: whether settled is read after ${cut} of its ${records.length} records or at the end`, () => {
        const fold = openFold(...records.slice(0, cut));
        fold.settle(settledOf('b'));
        fold.addAll(...records.slice(cut));
        assert.deepEqual([...fold.view.batches.keys()], []);
        assert.equal(isSettled(fold.view, 'b'), true);
      });
    }
  }

  it('stays while its reserve is held, settled or not', () => {
    const fold = openFold(sealed('b'), intent('b'), created('b'));
    fold.settle(settledOf('b'));
    assert.equal(fold.view.batches.has('b'), true);
  });

  it('stays while it is released and not settled', () => {
    const fold = openFold(sealed('b'), intent('b'), created('b'), released('b'));
    assert.equal(fold.view.batches.has('b'), true);
    assert.equal(isSettled(fold.view, 'b'), false);
  });
});

describe('dueRetries', () => {
  it('are those whose time has come', () => {
    const fold = openFold(sealed('b'));
    fold.settle(settledOf('b', [retryRow(0, 0, 1, { notBefore: 10 }), retryRow(0, 1, 1, { notBefore: 11 })]));
    assert.deepEqual(
      dueRetries(fold.view, 10).map(([key]) => key),
      ['0-0-1'],
    );
  });
});
