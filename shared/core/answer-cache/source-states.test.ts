import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closed, openFold, sealed } from '#test/support/journal-records.ts';
import { reduceSettled } from '../reduce-settled.ts';
import type { RetryRow } from '../settled.ts';
import { dueReuse, sourceStates } from './source-states.ts';

const rid = (offset: number) => ({ partition: 0, offset });
const row = (o: number, rest: Partial<RetryRow> = {}): RetryRow => {
  return { p: 0, o, att: 1, charged: 0, uncharged: 0, notBefore: 0, cause: 'expired', runs: [], ...rest };
};

describe('sourceStates', () => {
  it('tells what is under way, what takes an answer itself, and what has its terminal record', () => {
    const { view } = openFold(
      sealed('open', { items: [[0, 1, 0, 0]] }),
      sealed('done', { items: [2, 3, 4].map(offset => [0, offset, 0, 0] as const) }),
      sealed('reuse', { type: 'reuse', items: [[0, 5, 0, 0, { of: [0, 1] }]] }),
      closed('done', 'canceled'),
    );
    reduceSettled(view, { bk: 'done', retry: [row(3), row(4, { cause: 'not-reused', of: [0, 1] })], actual: {} });
    const states = sourceStates(view, [1, 2, 3, 4, 5, 6].map(rid));
    assert.deepEqual(Object.fromEntries(states), {
      '0/1': 'under-way',
      '0/2': 'ended',
      '0/3': 'under-way',
      '0/4': 'reusing',
      '0/5': 'reusing',
      '0/6': 'under-way', // nobody has sealed it yet: somebody will
    });
  });
});

describe('dueReuse', () => {
  const reuse = (key: string, of: number, until: number) =>
    sealed(key, { type: 'reuse', runs: [key], items: [[0, 90 + of, 0, 0, { of: [0, of], until }]] });

  it('leaves out what can only wait', () => {
    const { view } = openFold(
      sealed('open', { items: [[0, 1, 0, 0]] }),
      sealed('done', { items: [[0, 2, 0, 0]] }),
      reuse('waits', 1, 1_000),
      reuse('ended', 2, 1_000),
      reuse('late', 3, 500),
      reuse('gone', 4, 1_000),
      closed('done', 'canceled'),
    );
    reduceSettled(view, { bk: 'done', retry: [], actual: {} });
    view.canceledRuns.add('gone');
    const batches = [...view.batches.values()].filter(({ kind }) => kind === 'reuse');
    const due = (now: number): string[] => dueReuse(view, batches, now).map(({ bk }) => bk);
    assert.deepEqual(due(499), ['ended', 'gone']);
    assert.deepEqual(due(500), ['ended', 'late', 'gone']);
    assert.deepEqual(dueReuse(view, [], 0), []);
  });
});
