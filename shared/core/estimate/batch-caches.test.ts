import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sealed } from '#test/support/journal-records.ts';
import type { SealedRecord } from '../journal.ts';
import type { CachePlanUse } from '../prompt-cache/cache-plan.ts';
import { batchCaches } from './batch-caches.ts';

/** What its plan says, and of which run it is. */
type Told = CachePlanUse | null | [use: CachePlanUse | null, run: string];

const batchOf = (told: Told, index: number, recipe: string): SealedRecord => {
  const [use, run] = Array.isArray(told) ? told : [told, null];
  const plan = use && { use, marks: [{ depth: 1, hash: 'h', ttl: '5m' as const, prime: false }] };
  return sealed(`${recipe}${index}`, { recipe, runs: run === null ? [] : [run], ...(plan ? { plan } : {}) });
};

const cachesOf = (...told: Told[]): unknown[] => [
  ...batchCaches(told.map((one, index) => batchOf(one, index, 'r'))).values(),
];

describe('batchCaches', () => {
  it('are on where a plan says so, and unknown where it was only told', () => {
    assert.deepEqual(cachesOf('marked', 'held-back', 'shadow'), ['on', 'held-back', 'unknown']);
  });

  it('are unknown where no plan was ever made', () => {
    assert.deepEqual(cachesOf(null, null), ['unknown', 'unknown']);
  });

  it('are on between two batches that have a plan: the planner had nothing to say of it', () => {
    assert.deepEqual(cachesOf('marked', null, null, 'held-back'), ['on', 'on', 'on', 'held-back']);
    assert.deepEqual(cachesOf('marked', null, 'shadow', null, 'marked'), ['on', 'unknown', 'unknown', 'unknown', 'on']);
  });

  it('are unknown before the first plan and after the last: the cache may have been off', () => {
    assert.deepEqual(cachesOf(null, 'marked', null, null), ['unknown', 'on', 'unknown', 'unknown']);
  });

  it('are on beside a plan of the same run, whose last batch may be too small for a marker', () => {
    assert.deepEqual(cachesOf([null, 'A'], ['marked', 'A'], [null, 'A'], [null, 'B']), ['on', 'on', 'on', 'unknown']);
    assert.deepEqual(cachesOf(['shadow', 'A'], [null, 'A']), ['unknown', 'unknown']);
  });

  it('are those of a recipe by itself', () => {
    const [first, last] = [0, 1].map(index => batchOf('marked', index, 'r'));
    const other = batchOf(null, 0, 's');
    assert.equal(batchCaches([first as SealedRecord, other, last as SealedRecord]).get(other.bk), 'unknown');
  });
});
