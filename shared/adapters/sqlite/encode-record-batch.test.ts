import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NewRecord } from '#ports/log.ts';
import { encodeRecordBatch } from './encode-record-batch.ts';
import { RecordBatch } from './record-batch.ts';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const headers = fc.dictionary(fc.oneof(text, fc.constant('__proto__')), text, { maxKeys: 4 });
const record: fc.Arbitrary<NewRecord> = fc.record({
  key: fc.option(text),
  value: fc.uint8Array({ maxLength: 40 }),
  headers: fc.oneof(headers, fc.constantFrom({}, { task: 'a' }, { tas: 'ka' }, { task: 'a', run: 'b' })),
});
const gap = fc.oneof(fc.constant(0), fc.nat(5));
const batch = fc.array(fc.tuple(record, gap), { minLength: 1, maxLength: 30 });

describe('encodeRecordBatch', () => {
  it('gives every record back, whatever is in it and whichever is asked first', () => {
    fc.assert(
      fc.property(batch, fc.nat(1_000_000), fc.infiniteStream(fc.nat()), (items, base, order) => {
        const records = items.map(([record]) => record);
        const deltas = deltasOf(items.map(([, gap]) => gap));
        const bytes = encodeRecordBatch(records, deltas);
        const next = base + (deltas?.at(-1) ?? records.length - 1) + 1;
        const read = new RecordBatch(3, { base, next, at: 5, bytes });
        assert.equal(read.count, records.length);
        const picks = Array.from(records, () => order.next().value % records.length);
        for (const index of [...picks, ...records.keys()]) {
          const { value, ...rest } = read.record(index);
          const { value: expectedValue, ...expected } = records[index]!;
          const offset = base + (deltas?.[index] ?? index);
          assert.deepEqual(rest, { ...expected, headers: ownPlain(expected.headers), partition: 3, offset, at: 5 });
          assert.ok(Buffer.from(expectedValue).equals(value));
          assert.equal(read.find(offset), read.record(index));
          assert.equal(read.offset(read.indexFrom(offset)), offset);
        }
      }),
    );
  });

  it('finds nothing between records', () => {
    const records = [1, 2, 3].map(value => ({ key: null, value: new Uint8Array([value]), headers: {} }));
    const read = new RecordBatch(0, { base: 10, next: 19, at: 0, bytes: encodeRecordBatch(records, [0, 3, 8]) });
    const found = Array.from({ length: 10 }, (_, index) => read.find(10 + index)?.value[0] ?? 0);
    assert.deepEqual(found, [1, 0, 0, 2, 0, 0, 0, 0, 3, 0]);
    assert.deepEqual(
      [9, 10, 11, 13, 14, 18, 19].map(offset => read.indexFrom(offset)),
      [0, 0, 1, 1, 2, 2, 3],
    );
  });

  it('stores headers equal to those of the record before once', () => {
    const headers = { run: 'r'.repeat(500) };
    const records = Array.from({ length: 50 }, () => ({
      key: null,
      value: new Uint8Array(1),
      headers: { ...headers },
    }));
    assert.ok(encodeRecordBatch(records, null).byteLength < 2_000);
  });

  it('says so when it meets a version it does not know', () => {
    const bytes = encodeRecordBatch([{ key: null, value: new Uint8Array(1), headers: {} }], null);
    bytes[0] = 2;
    assert.throws(() => new RecordBatch(0, { base: 0, next: 1, at: 0, bytes }), { code: 'log-newer' });
  });
});

function deltasOf(gaps: readonly number[]): number[] | null {
  if (gaps.every(gap => gap === 0)) return null;
  let delta = -1;
  return gaps.map((gap, index) => {
    delta += 1 + (index === 0 ? 0 : gap);
    return delta;
  });
}

/** fast-check makes objects without a prototype at times. */
function ownPlain(headers: Readonly<Record<string, string>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    Object.defineProperty(plain, name, { value: headers[name], enumerable: true, configurable: true, writable: true });
  }
  return plain;
}
