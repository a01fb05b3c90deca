import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closed, openFold, sealed } from '#test/support/journal-records.ts';
import { reduceSettled } from '../reduce-settled.ts';
import type { RetryRow } from '../settled.ts';
import { sourceStates } from './source-states.ts';

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
