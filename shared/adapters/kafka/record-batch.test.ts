import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NewRecord } from '#ports/log.ts';
import { checkProperty } from '#test/support/check-property.ts';
import { crc32c } from './crc32c.ts';
import { readRecords, splitBatches } from './decode-record-batch.ts';
import { batchOverheadBytes, encodeRecordBatch, recordSizeMax } from './encode-record-batch.ts';

const identity = { producerId: 7, epoch: 3, sequence: 11, isTransactional: false };
const record = (text: string): NewRecord => ({ key: null, value: Buffer.from(text), headers: {} });

const anyText = fc.string({ unit: 'binary', maxLength: 20 }).filter(text => text.isWellFormed());
const anyRecord = fc.record({
  key: fc.option(anyText),
  value: fc.uint8Array({ maxLength: 200 }),
  headers: fc.dictionary(anyText, anyText, { maxKeys: 3 }),
});

describe('record batches', () => {
  it('are read as they were written, whatever is in them', () => {
    checkProperty(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 300 }), records => {
        const bytes = encodeRecordBatch(records, identity, 1_700_000_000_000);
        const [batch, ...more] = splitBatches(bytes);
        assert.deepEqual(more, []);
        assert.equal(batch!.count, records.length);
        const read = readRecords(batch!, batch!.payload, 4);
        for (const [index, { key, value, headers }] of records.entries()) {
          const { value: found, headers: foundHeaders, ...rest } = read[index]!;
          assert.deepEqual(rest, { key, partition: 4, offset: index, at: 1_700_000_000_000 });
          assert.ok(Buffer.from(value).equals(Buffer.from(found)));
          assert.deepEqual({ ...foundHeaders }, { ...headers });
        }
      }),
    );
  });

  it('take no more than was estimated, so what fits a topic by estimate fits it', () => {
    checkProperty(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 50 }), records => {
        const sizeMax = records.reduce((sum, each) => sum + recordSizeMax(each), batchOverheadBytes);
        assert.ok(encodeRecordBatch(records, identity, 0).length <= sizeMax);
      }),
    );
  });

  it('that are cut off at the end of a reply come again, and are left out now', () => {
    const first = encodeRecordBatch([record('first')], identity, 0);
    const second = encodeRecordBatch([record('second'), record('third')], identity, 0);
    const both = Buffer.concat([first, second]);
    for (let length = 0; length < both.length; length++) {
      assert.equal(splitBatches(both.subarray(0, length)).length, length < first.length ? 0 : 1);
    }
    assert.equal(splitBatches(both).length, 2);
  });

  it('that end in the middle of a record are found out', () => {
    const [batch] = splitBatches(encodeRecordBatch([record('some text that is cut')], identity, 0));
    assert.throws(() => readRecords(batch!, batch!.payload.subarray(0, 12), 0), RangeError);
    assert.throws(() => readRecords({ ...batch!, count: 2 }, batch!.payload, 0), RangeError);
  });
});

describe('crc32c', () => {
  it('is what RFC 3720 gives, at any length', () => {
    const vectors: [Buffer, number][] = [
      [Buffer.alloc(32), 0x8a9136aa],
      [Buffer.alloc(32, 0xff), 0x62a8ab43],
      [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
      [Buffer.from('123456789'), 0xe3069283],
    ];
    for (const [bytes, expected] of vectors) assert.equal(crc32c(bytes, 0, bytes.length) >>> 0, expected);
    const padded = Buffer.from('ab123456789cd');
    assert.equal(crc32c(padded, 2, 11) >>> 0, 0xe3069283);
  });
});
