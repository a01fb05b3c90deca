import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { outcomeCauses } from '#core/outcome.ts';
import { type SettledRecord, settledVersion } from '#core/settled.ts';
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
  fc.record({ ...row, isRaised: fc.constant(true as const), runs: fc.array(fc.string()) }, plain),
);

const counts = { bought: whole, delivered: whole, retries: whole, truncated: whole, unpriced: whole, lost: whole };
const money = { billed: whole, uncached: whole, individual: whole, retried: whole, wasted: whole };
const rowFields = { tenant: fc.option(fc.string()), model: fc.string(), ...counts, ...money };
const answers = fc.array(fc.tuple(whole, fc.integer({ min: 1 })), { minLength: 1, maxLength: 3 });
const spendRow = fc.oneof(
  fc.record({ ...rowFields, usage: fc.record(usage, plain) }, plain),
  fc.record({ ...rowFields, usage: fc.record(usage, plain), answers }, plain),
);
const spend = fc.record({ at: whole, rows: fc.array(spendRow, { minLength: 1, maxLength: 3 }) }, plain);

const written = {
  v: fc.constant(settledVersion),
  bk: fc.string({ minLength: 1 }),
  done: fc.array(fc.tuple(whole, whole)),
  dead: fc.array(fc.tuple(whole, whole, cause)),
  retry: fc.array(retry),
  usage: fc.record(usage, plain),
  cost: fc.option(whole),
  individualCost: fc.option(whole),
  runs: fc.dictionary(fc.stringMatching(/^r_[a-z]+$/), fc.record({ cost: whole, individual: whole }, plain), plain),
  actual: fc.dictionary(fc.stringMatching(/^[a-z]+:[a-z]+$/), whole, plain),
};
/** With what was bought, and as earlier programs wrote it. */
const record: fc.Arbitrary<SettledRecord> = fc.oneof(
  fc.record(written, plain),
  fc.record({ ...written, spend }, plain),
);

describe('settled codec', () => {
  it('gives back every record that it wrote', () => {
    const property = fc.property(record, settled => {
      assert.deepEqual(decodeSettled(encodeSettled(settled)), settled);
      assert.deepEqual(settledRecordSchema.parse(settled), settled);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('reads what version 1 wrote, whose money was whole nanodollars', () => {
    const [money, today] = [
      { billed: 1, uncached: 2, individual: 3, retried: 4, wasted: 5 },
      { billed: 4, uncached: 8, individual: 12, retried: 16, wasted: 20 },
    ];
    const reused = { answers: 1, unpriced: 0, batch: 6, individual: 7 };
    const rest = { bk: 'b', done: [[0, 1]], usage: { input: 10, output: 11 } };
    const earlier = {
      ...rest,
      cost: 62,
      individualCost: null,
      runs: { r_1: { cost: 8, individual: 9 } },
      actual: { 'fleet:money': 62, 'account:a:items': 1 },
      spend: { at: 5, rows: [{ tenant: 't', bought: 1, ...money, reused }] },
    };
    assert.deepEqual(decodeSettled(Buffer.from(JSON.stringify({ v: 1, ...earlier }))), {
      v: settledVersion,
      ...rest,
      cost: 248,
      individualCost: null,
      runs: { r_1: { cost: 32, individual: 36 } },
      actual: { 'fleet:money': 248, 'account:a:items': 1 },
      spend: { at: 5, rows: [{ tenant: 't', bought: 1, ...today, reused: { ...reused, batch: 24, individual: 28 } }] },
    });
  });

  it('says UNKNOWN to a newer version, to no batch and to no JSON, and never throws', () => {
    for (const text of [
      JSON.stringify({ v: settledVersion + 1, bk: 'b' }),
      JSON.stringify({ v: settledVersion }),
      '[]',
      'null',
      '',
      '{',
      '\u0000',
    ]) {
      const decoded = decodeSettled(Buffer.from(text));
      assert.ok('kind' in decoded && decoded.kind === 'UNKNOWN', text);
    }
  });
});
