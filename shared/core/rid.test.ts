import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { claimKey, formatRid, parseClaimKey, parseRid } from './rid.ts';

const partition = fc.oneof(fc.nat(40), fc.nat(999_999_999));
const offset = fc.oneof(fc.nat(200_000), fc.integer({ min: 0, max: 999_999_999_999_999 }));
const att = fc.oneof(fc.nat(8), fc.nat(999_999));

const almostRids = [
  '',
  '/',
  '1',
  '1/',
  '/1',
  '-1/1',
  '1/-1',
  '01/1',
  '1/01',
  '1/1 ',
  ' 1/1',
  '1/1\n',
  '1.0/1',
  '1e3/1',
];
const almostKeys = ['', '1-1', '1-1-', '01-1-1', '1-01-1', '1-1-01', '1-1-1 ', '1-1-1\n', '1--1-1', '1/1/1', '1-1-1-1'];

describe('rid', () => {
  it('is read back as it was written', () => {
    checkProperty(
      fc.property(partition, offset, (p, o) => {
        const rid = { partition: p, offset: o };
        assert.deepEqual(parseRid(formatRid(rid)), rid);
      }),
    );
  });

  it('is read only from what is written: any text is nothing, or its own rid', () => {
    checkProperty(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9/ -]{1,20}$/)), text => {
        const rid = parseRid(text);
        assert.ok(rid === null || formatRid(rid) === text);
      }),
    );
    for (const text of [...almostRids, '1/1/1', `${'9'.repeat(10)}/1`, `1/${'9'.repeat(16)}`, '١/١']) {
      assert.equal(parseRid(text), null, text);
    }
  });
});

describe('claimKey', () => {
  it('is read back as it was written', () => {
    checkProperty(
      fc.property(partition, offset, att, (p, o, a) => {
        const claim = { partition: p, offset: o, att: a };
        assert.deepEqual(parseClaimKey(claimKey(claim)), claim);
      }),
    );
  });

  it('is read only from what is written', () => {
    checkProperty(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9-]{1,20}$/)), text => {
        const claim = parseClaimKey(text);
        assert.ok(claim === null || claimKey(claim) === text);
      }),
    );
    for (const text of almostKeys) assert.equal(parseClaimKey(text), null, text);
  });
});
