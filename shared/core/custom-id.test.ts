import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { formatCustomId, parseCustomId } from './custom-id.ts';

const identity = recordOf({
  fleet: fc.stringMatching(/^[a-z2-7]{6}$/),
  bk: fc.stringMatching(/^[a-z2-7]{12}$/),
  partition: fc.oneof(fc.nat(40), fc.nat(999_999_999)),
  offset: fc.oneof(fc.nat(200_000), fc.integer({ min: 0, max: 999_999_999_999_999 })),
  att: fc.oneof(fc.nat(8), fc.nat(999_999)),
});

const good = 'abcdef-abcdefghijkl-1-z-0';

describe('the custom_id at the provider', () => {
  it('fits every provider: at most 64 characters of A-Z a-z 0-9 _ -', () => {
    checkProperty(fc.property(identity, one => assert.match(formatCustomId(one), /^[A-Za-z0-9_-]{1,64}$/)));
  });

  it('is read back as it was written: a result line alone says fleet, batch, record and attempt', () => {
    checkProperty(fc.property(identity, one => assert.deepEqual(parseCustomId(formatCustomId(one)), one)));
  });

  it('tells any two purchases apart', () => {
    checkProperty(
      fc.property(identity, identity, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        assert.equal(formatCustomId(one) === formatCustomId(other), isSame);
      }),
    );
  });

  it('is read only from what is written: any other text is a line of somebody else', () => {
    checkProperty(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9-]{1,50}$/)), text => {
        const one = parseCustomId(text);
        assert.ok(one === null || formatCustomId(one) === text);
      }),
    );
  });

  it('G3: is not read when a character of it was changed, or is read as another purchase', () => {
    checkProperty(
      fc.property(identity, fc.nat(60), fc.constantFrom('0', 'a', 'A', '-', '_', ' ', ''), (one, at, character) => {
        const text = formatCustomId(one);
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const read = parseCustomId(changed);
        if (changed !== text) assert.notDeepEqual(read, one);
        assert.ok(read === null || formatCustomId(read) === changed);
      }),
    );
  });

  const others = {
    'leading zeros': ['abcdef-abcdefghijkl-01-z-0', 'abcdef-abcdefghijkl-1-0z-0', 'abcdef-abcdefghijkl-1-z-00'],
    'capital letters': [good.toUpperCase(), 'abcdef-abcdefghijkl-1-Z-0'],
    'a digit that base32 does not have': ['abcde1-abcdefghijkl-1-z-0', 'abcdef-abcdefghijk8-1-z-0'],
    'something before or after': [` ${good}`, `${good}\n`, `${good}-0`, `x${good}`],
    'a part too few': ['abcdef-abcdefghijkl-1-z', 'abcdefghijkl-1-z-0'],
    'other lengths': ['abcde-abcdefghijkl-1-z-0', 'abcdef-abcdefghijklm-1-z-0', 'abcdef-abcdefghijkl-1-z-1234567'],
  };
  for (const [what, texts] of Object.entries(others)) {
    it(`is not read with ${what}`, () => {
      assert.ok(parseCustomId(good));
      for (const text of texts) assert.equal(parseCustomId(text), null, text);
    });
  }
});
