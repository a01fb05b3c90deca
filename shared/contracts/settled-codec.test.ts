import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { outcomeCauses } from '#core/outcome.ts';
import type { SettledRecord } from '#core/settled.ts';
import { decodeSettled, encodeSettled } from './settled-codec.ts';
import { settledRecordSchema } from './settled-record-schema.ts';

const whole = fc.nat(1_000_000);
const cause = fc.constantFrom(...outcomeCauses);
const plain = { noNullPrototype: true } as const;
const usage = { input: whole, output: whole, cacheRead: whole, cacheWrite5m: whole, cacheWrite1h: whole };
const row = { p: whole, o: whole, att: whole, charged: whole, uncharged: whole, notBefore: whole, cause };
const retry = fc.oneof(
  fc.record({ ...row, runs: fc.array(fc.string()) }, plain),
  fc.record({ ...row, bound: fc.integer({ min: 1, max: 1_000 }), runs: fc.array(fc.string()) }, plain),
);

const record: fc.Arbitrary<SettledRecord> = fc.record(
  {
    v: fc.constant(1 as const),
    bk: fc.string({ minLength: 1 }),
    done: fc.array(fc.tuple(whole, whole)),
    dead: fc.array(fc.tuple(whole, whole, cause)),
    retry: fc.array(retry),
    usage: fc.record(usage, plain),
    cost: fc.option(whole),
    individualCost: fc.option(whole),
    runs: fc.dictionary(fc.stringMatching(/^r_[a-z]+$/), fc.record({ cost: whole, individual: whole }, plain), plain),
    actual: fc.dictionary(fc.stringMatching(/^[a-z]+:[a-z]+$/), whole, plain),
  },
  plain,
);

describe('settled codec', () => {
  it('gives back every record that it wrote', () => {
    const property = fc.property(record, written => {
      assert.deepEqual(decodeSettled(encodeSettled(written)), written);
      assert.deepEqual(settledRecordSchema.parse(written), written);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('says UNKNOWN to another version, to no batch and to no JSON, and never throws', () => {
    for (const text of ['{"v":2,"bk":"b"}', '{"v":1}', '[]', 'null', '', '{', '\u0000']) {
      const decoded = decodeSettled(Buffer.from(text));
      assert.ok('kind' in decoded && decoded.kind === 'UNKNOWN', text);
    }
  });
});
