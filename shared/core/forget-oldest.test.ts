import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forgetOldest } from './forget-oldest.ts';

describe('forgetOldest', () => {
  it('leaves what is within the bound as it is', () => {
    const names = new Set(['a', 'b']);
    forgetOldest(names, 2);
    assert.deepEqual([...names], ['a', 'b']);
  });

  it('keeps the newest, however many there are too many', () => {
    const names = new Set(['a', 'b', 'c', 'd']);
    forgetOldest(names, 2);
    assert.deepEqual([...names], ['c', 'd']);
  });

  it('counts what is put in again as old as it was, unless it was taken out', () => {
    const byName = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    byName.set('a', 3);
    byName.set('c', 4);
    forgetOldest(byName, 2);
    assert.deepEqual([...byName.keys()], ['b', 'c']);
  });
});
