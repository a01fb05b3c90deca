import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { answerPolicies } from './answer-policy.ts';
import { BoundedIndex } from './bounded-index.ts';
import type { EvictionPolicy } from './eviction-policy.ts';
import { createPolicy, PolicyPicker } from './pick-policy.ts';

const seen = (policy: EvictionPolicy, keys: readonly string[]): number => {
  let hits = 0;
  for (const key of keys) {
    if (policy.use(key)) hits += 1;
    else policy.add(key);
  }
  return hits;
};

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('eviction policies', () => {
  for (const name of answerPolicies) {
    it(`${name} holds what it was given and has not let go, and never more than it may`, () => {
      const key = fc.integer({ min: 0, max: 60 }).map(String);
      const step = fc.tuple(fc.constantFrom('ask', 'ask', 'ask', 'delete'), key);
      checkProperty(
        fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 300 }), (entriesMax, steps) => {
          const policy = createPolicy(name, { entriesMax });
          const held = new Set<string>();
          for (const [act, each] of steps) {
            assert.equal(policy.has(each), held.has(each));
            if (act === 'delete') {
              policy.delete(each);
              held.delete(each);
            } else if (!policy.use(each)) {
              for (const gone of policy.add(each)) assert.ok(held.delete(gone), 'what goes was there');
              held.add(each);
            }
            assert.equal(policy.size, held.size);
            assert.deepEqual(new Set(policy.keys()), held);
            assert.ok(policy.size <= entriesMax);
          }
        }),
      );
    });
  }

  it('lru-10 lets go of the tenth that was used longest ago', () => {
    const policy = createPolicy('lru-10', { entriesMax: 20 });
    seen(policy, numbered('k', 20));
    policy.use('k0');
    assert.deepEqual(policy.add('new'), ['k1', 'k2']);
  });

  it('s3-fifo keeps what is asked for often through a flood of keys that come once', () => {
    const hot = numbered('hot', 10);
    const flood = numbered('cold', 2_000).flatMap((cold, index) => [cold, hot[index % 10] as string]);
    const [lru, s3] = answerPolicies.map(name => {
      const policy = createPolicy(name, { entriesMax: 15 });
      seen(policy, [...hot, ...hot, ...hot]);
      return seen(policy, flood);
    }) as [number, number];
    assert.ok(s3 > 1.25 * lru, `${s3} hits against ${lru}`);
  });

  it('s3-fifo takes a ghost that comes back into the main queue', () => {
    const policy = createPolicy('s3-fifo', { entriesMax: 10 });
    seen(policy, ['ghost', ...numbered('k', 10)]);
    assert.ok(!policy.has('ghost'));
    policy.add('ghost');
    seen(policy, numbered('more', 30));
    assert.ok(policy.has('ghost'));
  });
});

describe('PolicyPicker', () => {
  it('picks what would have found more, of the stream of this task', () => {
    const floods = new PolicyPicker({ entriesMax: 100 });
    for (let round = 0; round < 300; round++) {
      for (const key of numbered('hot', 20)) floods.see(key);
      for (const key of numbered(`cold${round}-`, 100)) floods.see(key);
    }
    assert.equal(floods.picked, 's3-fifo');
    const recent = new PolicyPicker({ entriesMax: 100 });
    for (const key of numbered('was hot', 100)) for (let use = 0; use < 4; use++) recent.see(key);
    // From here on each key comes twice, a little later, and never again: only what came last counts.
    for (let round = 0; round < 20_000; round++) {
      recent.see(`k${round}`);
      if (round >= 40) recent.see(`k${round - 40}`);
    }
    assert.equal(recent.picked, 'lru-10');
  });
});

describe('BoundedIndex', () => {
  const bounds = { entriesMax: 10, ttlMs: 1_000, policy: 's3-fifo' } as const;

  it('gives nothing that is older than the time to live, and says later that it has gone', () => {
    const index = new BoundedIndex<number>(bounds);
    index.put('a', 1, 0);
    assert.equal(index.get('a', { now: 999 }), 1);
    assert.equal(index.get('a', { now: 1_000 }), null);
    assert.equal(index.size, 0);
    assert.deepEqual(index.put('b', 2, 1_000), ['a']);
  });

  it('goes on under other bounds with what fits', () => {
    const index = new BoundedIndex<number>(bounds);
    for (const [at, key] of numbered('k', 10).entries()) index.put(key, at, at);
    const gone = index.bound({ ...bounds, entriesMax: 4, policy: 'lru-10' });
    assert.equal(gone.length + index.size, 10);
    assert.ok(index.size <= 4);
    assert.deepEqual(index.bound({ ...bounds, entriesMax: 4, policy: 'lru-10' }), []);
  });
});
