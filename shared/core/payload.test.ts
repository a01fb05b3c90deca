import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { decodePayload, encodePayload, type LoggedDocument } from './payload.ts';

const document: fc.Arbitrary<LoggedDocument> = recordOf({
  partition: fc.nat(3),
  offset: fc.nat(999_999_999_999),
  at: fc.nat(Number.MAX_SAFE_INTEGER),
  headers: fc.oneof(fc.constant({}), fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true })),
  value: fc.uint8Array({ maxLength: 40 }),
});

const plain = (documents: readonly LoggedDocument[] | null): unknown =>
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
      '[[0,0,0,2]]\n{',
      '[[0,0,0,1]]\n{}',
      '[[0,0,0,-2]]\n',
      '[[0,0,0,1e99]]\n',
      '[null]\n',
      '{"claims":[[0,0,0]],"tenant":null}\n{}',
      '\u0000\u00ff',
    ];
    for (const text of wrong) assert.equal(decodePayload(Buffer.from(text)), null, JSON.stringify(text));
    const bytes = encodePayload([{ partition: 0, offset: 0, at: 1, headers: {}, value: Buffer.from('{"a":1}') }]);
    for (let length = 0; length < bytes.byteLength; length++) {
      assert.equal(decodePayload(bytes.subarray(0, length)), null, `${length} bytes of it`);
    }
  });
});
