import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addFields } from './add-fields.ts';

interface Tally {
  readonly hits: number;
  readonly misses: number;
}

describe('addFields', () => {
  it('adds each field, and changes neither', () => {
    const [one, other] = [Object.freeze<Tally>({ hits: 1, misses: 2 }), Object.freeze<Tally>({ hits: 10, misses: -2 })];
    assert.deepEqual(addFields(one, other), { hits: 11, misses: 0 });
  });

  it('leaves out what only the second has', () => {
    const more = { hits: 10, misses: 1, day: '2026-11-29' };
    assert.deepEqual(addFields<Tally>({ hits: 1, misses: 0 }, more), { hits: 11, misses: 1 });
  });
});
