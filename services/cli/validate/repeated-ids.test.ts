import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RepeatedIds } from './repeated-ids.ts';

describe('RepeatedIds', () => {
  it('names the line of the first', () => {
    const ids = new RepeatedIds();
    assert.deepEqual([ids.add('a', 1), ids.add('b', 2), ids.add('a', 3), ids.add('a', 4)], [null, null, 1, 1]);
  });

  it('grows, and forgets none', () => {
    const ids = new RepeatedIds();
    for (let line = 1; line <= 100_000; line++) assert.equal(ids.add(`id-${line}`, line), null);
    for (let line = 1; line <= 100_000; line += 997) assert.equal(ids.add(`id-${line}`, 200_000), line);
    assert.equal(ids.isFull, false);
  });
});
