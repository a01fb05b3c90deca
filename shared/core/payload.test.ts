import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { decodePayload, encodePayload, type KeptDocument } from './payload.ts';

const document: fc.Arbitrary<KeptDocument> = recordOf({
  partition: fc.nat(3),
  offset: fc.nat(999_999_999_999),
  run: fc.option(fc.string(), { freq: 2 }),
  tenant: fc.option(fc.string(), { freq: 2 }),
  deadlineAt: fc.nat(Number.MAX_SAFE_INTEGER),
  value: fc.uint8Array({ maxLength: 40 }),
});

const plain = (documents: readonly KeptDocument[] | null): unknown =>
  documents?.map(({ value, ...rest }) => ({ ...rest, value: [...value] }));

describe('a payload', () => {
  it('is decoded as it was encoded, byte for byte, whatever the bytes', () => {
    checkProperty(
      fc.property(fc.array(document, { maxLength: 12 }), documents => {
        const bytes = encodePayload(documents);
        assert.deepEqual(plain(decodePayload(bytes)), plain(documents));
        const shifted = Buffer.concat([Buffer.from('xx'), bytes]).subarray(2);
        assert.deepEqual(plain(decodePayload(shifted)), plain(documents), 'also as a part of a larger buffer');
      }),
    );
  });

  it('is null when the bytes are no payload: torn, empty, of something else, of an earlier program', () => {
    const wrong = [
      '',
      '\n',
      'null\n',
      '{}\n',
      '"x"\n',
      '[[0,0,0]]\n',
      '[[0,0,2,9]]\n{',
      '[[0,0,1,9]]\n{}',
      '[[0,0,-2,9]]\n',
      '[[0,0,1e99,9]]\n',
      '[[0,0,0,9,1,null]]\n',
      '[[0,0,0,9,{},null]]\n',
      '[null]\n',
      '{"claims":[[0,0,0]],"tenant":null}\n{}',
      '\u0000\u00ff',
    ];
    for (const text of wrong) assert.equal(decodePayload(Buffer.from(text)), null, JSON.stringify(text));
    const bytes = encodePayload([
      { partition: 0, offset: 0, run: null, tenant: null, deadlineAt: 1, value: Buffer.from('{"a":1}') },
    ]);
    for (let length = 0; length < bytes.byteLength; length++) {
      assert.equal(decodePayload(bytes.subarray(0, length)), null, `${length} bytes of it`);
    }
  });
});
