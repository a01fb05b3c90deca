import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { decideRetry } from './decide-retry.ts';
import { chargedTriesMax, unchargedTriesMax } from './limits.ts';
import { causes, isAlone, type OutcomeCause, outcomeCauses } from './outcome.ts';
import { type RetryPolicy, retryPolicyDefault } from './recipe.ts';

const fresh = { partition: 0, offset: 0, att: 0, charged: 0, uncharged: 0 };
const policy: RetryPolicy = { delaysMs: [10_000, 30_000, 90_000], jitter: 0 };

const item = recordOf({
  partition: fc.nat(3),
  offset: fc.nat(1_000),
  att: fc.nat(40),
  charged: fc.nat(5),
  uncharged: fc.nat(6),
});
const anyPolicy: fc.Arbitrary<RetryPolicy> = recordOf({
  delaysMs: fc.array(fc.nat(200_000), { maxLength: 6 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const cause = fc.constantFrom(...outcomeCauses);

/** Design, life of a document, step 8; protocol S4 and §5. */
const table: Readonly<Record<OutcomeCause, 'dead' | 'charged' | 'uncharged' | 'free'>> = {
  'invalid-request': 'dead',
  refused: 'dead',
  'result-too-large': 'dead',
  'too-large': 'dead',
  duplicate: 'dead',
  rejected: 'dead',
  'provider-error': 'charged',
  truncated: 'charged',
  'invalid-output': 'charged',
  missing: 'charged',
  expired: 'uncharged',
  canceled: 'uncharged',
  'queue-full': 'free',
  account: 'free',
  split: 'free',
  invalid: 'free',
  deadline: 'free',
  'parked-too-long': 'free',
  'not-reused': 'free',
};

describe('decideRetry', () => {
  for (const name of outcomeCauses) {
    it(`${name}: ${table[name] === 'dead' ? 'a dead letter at once' : `again, ${table[name]}`}`, () => {
      const decision = decideRetry(fresh, name, policy);
      if (decision.is === 'dead') return assert.equal(table[name], 'dead');
      const spent = { charged: [1, 0], uncharged: [0, 1], free: [0, 0], dead: null };
      assert.deepEqual([decision.charged, decision.uncharged], spent[table[name]]);
      assert.equal(isAlone(name), table[name] === 'charged', 'what lies in the item is sealed alone');
    });
  }

  it('S4: whatever befalls an item, it is tried at most 4 times charged and 5 times uncharged', () => {
    checkProperty(
      fc.property(fc.array(cause, { maxLength: 80 }), happenings => {
        const tried = { charged: 0, uncharged: 0 };
        let now = { ...fresh };
        for (const name of happenings) {
          if (causes[name].again === 'alone') tried.charged += 1;
          if (causes[name].again === 'lane-capped') tried.uncharged += 1;
          const decision = decideRetry(now, name, retryPolicyDefault);
          if (decision.is === 'dead') break;
          now = { ...now, att: now.att + 1, charged: decision.charged, uncharged: decision.uncharged };
        }
        assert.ok(tried.charged <= chargedTriesMax && tried.uncharged <= unchargedTriesMax, JSON.stringify(tried));
      }),
    );
  });

  it('S4: uses them: the fourth charged and the fifth uncharged failure is the last', () => {
    assert.equal(decideRetry({ ...fresh, charged: 2 }, 'provider-error', policy).is, 'again');
    assert.equal(decideRetry({ ...fresh, charged: 3 }, 'provider-error', policy).is, 'dead');
    assert.equal(decideRetry({ ...fresh, uncharged: 3 }, 'expired', policy).is, 'again');
    assert.equal(decideRetry({ ...fresh, uncharged: 4 }, 'expired', policy).is, 'dead');
  });

  it('A3 O3 N6: split, queue-full, account and closed never end an item by count, whatever it has behind it', () => {
    const free = fc.constantFrom(...outcomeCauses.filter(name => table[name] === 'free'));
    checkProperty(
      fc.property(item, free, anyPolicy, (one, name, rules) => {
        const decision = decideRetry(one, name, rules);
        assert.ok(decision.is === 'again');
        assert.deepEqual([decision.charged, decision.uncharged], [one.charged, one.uncharged]);
      }),
    );
  });

  it('O2: an expiry does not end an item that failed often, nor a failure one that expired often', () => {
    assert.equal(decideRetry({ ...fresh, charged: 4 }, 'expired', policy).is, 'again');
    assert.equal(decideRetry({ ...fresh, uncharged: 5 }, 'missing', policy).is, 'again');
  });

  it('makes no more retries than the policy has delays', () => {
    const once = { delaysMs: [1], jitter: 0 };
    assert.equal(decideRetry(fresh, 'missing', { delaysMs: [], jitter: 0 }).is, 'dead');
    assert.equal(decideRetry(fresh, 'missing', once).is, 'again');
    assert.equal(decideRetry({ ...fresh, charged: 1 }, 'missing', once).is, 'dead');
  });

  it('waits as the policy says, ± its jitter, the same for whoever decides', () => {
    checkProperty(
      fc.property(
        item,
        fc.constantFrom('provider-error' as const, 'missing' as const),
        anyPolicy,
        (one, name, rules) => {
          const decision = decideRetry(one, name, rules);
          if (decision.is === 'dead') return;
          assert.deepEqual(decideRetry(one, name, rules), decision);
          const base = rules.delaysMs[decision.charged - 1] as number;
          assert.ok(Math.abs(decision.delayMs - base) <= base * rules.jitter + 1, `${decision.delayMs} for ${base}`);
          assert.ok(Number.isInteger(decision.delayMs) && decision.delayMs >= 0);
        },
      ),
    );
  });

  it('$2: items that failed together do not come back together', () => {
    const delays = Array.from({ length: 100 }, (_, offset) => {
      const decision = decideRetry({ ...fresh, offset }, 'provider-error', { delaysMs: [10_000, 1], jitter: 0.2 });
      return decision.is === 'again' ? decision.delayMs : 0;
    });
    assert.ok(new Set(delays).size > 80);
    assert.ok(Math.max(...delays) - Math.min(...delays) > 2_000);
  });

  it('$2: expired waits longer each time, account and queue-full a while, innocent items a moment, halves not at all', () => {
    const delayOf = (name: OutcomeCause, uncharged = 0): number => {
      const decision = decideRetry({ ...fresh, uncharged }, name, policy);
      return decision.is === 'again' ? decision.delayMs : -1;
    };
    const expired = [0, 1, 2, 3].map(uncharged => delayOf('expired', uncharged));
    assert.deepEqual(expired, [1_000, 2_000, 4_000, 8_000]);
    assert.ok(delayOf('account') >= 60_000 && delayOf('queue-full') >= 30_000);
    assert.deepEqual([delayOf('deadline'), delayOf('split'), delayOf('invalid')], [1_000, 0, 0]);
  });
});
