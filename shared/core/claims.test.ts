import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { Claims } from './claims.ts';
import { claimKey } from './rid.ts';

const page = 65_536;

/** Offsets that lie together, at the ends of pages, and far out: a log of years, with gaps. */
const offset = fc.oneof(
  fc.nat(20),
  fc.constantFrom(page - 1, page, page + 1, 7 * page - 1, 7 * page),
  fc.nat(3 * page),
  fc.integer({ min: 999_999_999_990, max: 999_999_999_999_999 }),
);
const claim = recordOf({ partition: fc.constantFrom(0, 1, 2, 11), offset, att: fc.constantFrom(0, 0, 0, 1, 2, 300) });

describe('Claims', () => {
  it('say of any purchase what a plain set says, before and after a snapshot', () => {
    checkProperty(
      fc.property(fc.array(claim, { maxLength: 60 }), fc.array(claim, { maxLength: 30 }), (added, asked) => {
        const claims = new Claims();
        const model = new Set<string>();
        for (const one of added) {
          assert.equal(claims.has(one), model.has(claimKey(one)));
          claims.add(one);
          model.add(claimKey(one));
        }
        const restored = Claims.fromSnapshot(JSON.parse(JSON.stringify(claims.toSnapshot())));
        const neighbours = added.map(one => ({ ...one, offset: one.offset + 1 }));
        for (const one of [...added, ...asked, ...neighbours]) {
          assert.equal(claims.has(one), model.has(claimKey(one)), claimKey(one));
          assert.equal(restored.has(one), model.has(claimKey(one)), claimKey(one));
        }
      }),
    );
  });

  it('give the same snapshot in whatever order they were added', () => {
    checkProperty(
      fc.property(fc.array(claim, { maxLength: 30 }), added => {
        const [one, other] = [new Claims(), new Claims()];
        for (const each of added) one.add(each);
        for (const each of added.toReversed()) other.add(each);
        assert.deepEqual(one.toSnapshot(), other.toSnapshot());
      }),
    );
  });

  it('know the highest claimed offset of each partition: a log that ends below it was re-created', () => {
    checkProperty(
      fc.property(fc.array(claim, { maxLength: 20 }), added => {
        const claims = new Claims();
        for (const one of added) claims.add(one);
        for (const partition of [0, 1, 2, 11]) {
          const first = added.filter(one => one.partition === partition && one.att === 0);
          assert.equal(claims.highest(partition), Math.max(-1, ...first.map(one => one.offset)));
        }
      }),
    );
  });

  it('do not take a partition for the beginning of another', () => {
    const claims = new Claims();
    claims.add({ partition: 1, offset: 5, att: 0 });
    assert.equal(claims.has({ partition: 11, offset: 5, att: 0 }), false);
    assert.equal(claims.highest(11), -1);
  });

  it('change neither by a snapshot that is used on, nor change it', () => {
    const claims = new Claims();
    claims.add({ partition: 0, offset: 1, att: 0 });
    const snapshot = claims.toSnapshot();
    const restored = Claims.fromSnapshot(snapshot);
    restored.add({ partition: 0, offset: 2, att: 0 });
    assert.equal(claims.has({ partition: 0, offset: 2, att: 0 }), false);
    assert.deepEqual(claims.toSnapshot(), snapshot);
  });
});
