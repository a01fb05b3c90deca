import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { assignPartitions, type GroupMember } from './assign-partitions.ts';

const members = (...owned: number[][]): GroupMember[] => owned.map((each, index) => ({ id: `m${index}`, owned: each }));
const shared = (list: GroupMember[], count: number) => Object.fromEntries(assignPartitions(list, count));

describe('assignPartitions', () => {
  it('gives every partition to exactly one member, evenly, whatever they say they own', () => {
    const anyMember = fc.record({ id: fc.uuid(), owned: fc.array(fc.integer({ min: -2, max: 70 })) });
    const anyGroup = fc.uniqueArray(anyMember, { minLength: 1, maxLength: 12, selector: ({ id }) => id });
    checkProperty(
      fc.property(anyGroup, fc.integer({ min: 1, max: 64 }), (group, count) => {
        const lists = [...assignPartitions(group, count).values()];
        const all = lists.flat().toSorted((left, right) => left - right);
        assert.deepEqual(
          all,
          Array.from({ length: count }, (_, partition) => partition),
        );
        const sizes = lists.map(({ length }) => length);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      }),
    );
  });

  it('moves only what has to move when one comes', () => {
    assert.deepEqual(shared(members([0, 1, 2], [3, 4, 5], []), 6), { m0: [0, 1], m1: [3, 4], m2: [2, 5] });
  });

  it('moves only what has to move when one goes', () => {
    assert.deepEqual(shared(members([0, 1], [4, 5]), 6), { m0: [0, 1, 2], m1: [4, 5, 3] });
  });

  it('moves nothing when nobody comes or goes, also where it cannot be even', () => {
    const before = shared(members([], [], []), 8);
    const after = shared(members(...Object.values(before)), 8);
    assert.deepEqual(after, before);
    assert.deepEqual(shared(members([0], [1, 2]), 3), { m0: [0], m1: [1, 2] });
  });

  it('leaves members without any when there are more of them than partitions', () => {
    assert.deepEqual(shared(members([], [0], []), 1), { m0: [], m1: [0], m2: [] });
  });
});
