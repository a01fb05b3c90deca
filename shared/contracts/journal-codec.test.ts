import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { capPeriods, closeReasons, type JournalRecord, journalKinds } from '#core/journal.ts';
import { decodeJournal, encodeJournal } from './journal-codec.ts';
import { journalRecordSchema } from './journal-record-schema.ts';

const name = fc.string({ minLength: 1, maxLength: 12 });
const whole = fc.nat(1_000_000);
const amounts = fc.dictionary(fc.stringMatching(/^[a-z]+:[a-z]+$/), fc.integer(), { noNullPrototype: true });
const extra = fc.record(
  { key: name, uncharged: whole, of: fc.tuple(whole, whole) },
  { requiredKeys: [], noNullPrototype: true },
);
const item = fc.oneof(fc.tuple(whole, whole, whole, whole), fc.tuple(whole, whole, whole, whole, extra));
const mark = fc.record(
  { depth: fc.integer({ min: 1, max: 9 }), hash: name, ttl: fc.constantFrom('5m', '1h'), prime: fc.boolean() },
  { noNullPrototype: true },
);
const plan = fc.record(
  { use: fc.constantFrom('marked', 'held-back', 'shadow'), marks: fc.array(mark, { maxLength: 4 }) },
  { noNullPrototype: true },
);
const usage = fc.record(
  { input: whole, output: whole, cacheRead: whole, cacheWrite5m: whole, cacheWrite1h: whole },
  { noNullPrototype: true },
);
const of = <T>(kind: string, fields: Record<string, fc.Arbitrary<T>>) =>
  fc.record({ kind: fc.constant(kind), ...fields }, { noNullPrototype: true });

const record: fc.Arbitrary<JournalRecord> = fc.oneof<fc.Arbitrary<unknown>[]>(
  of<unknown>('FLEET', { fleet: name, partitions: whole, settledPartitions: whole }),
  of('ACCOUNT', { account: name, provider: name, baseUrl: name, owner: name }),
  of('REPIN', { account: name, owner: name }),
  of<unknown>('CAP', {
    scope: fc.oneof(name, fc.constant('fleet:money')),
    period: fc.constantFrom(...capPeriods),
    limit: fc.option(whole),
  }),
  of<unknown>('SEALED', {
    bk: name,
    type: fc.constantFrom('batch', 'reject', 'reuse'),
    account: fc.string(),
    recipe: fc.string(),
    runs: fc.array(name),
    items: fc.array(item),
  }),
  of<unknown>('SEALED', {
    bk: name,
    type: fc.constant('batch'),
    account: name,
    recipe: name,
    runs: fc.constant([]),
    items: fc.array(item),
    plan,
  }),
  of<unknown>('INTENT', { bk: name, sub: whole, worker: name, incarnation: name, nonce: name, reserve: amounts }),
  of<unknown>('CREATED', { bk: name, sub: whole, pid: name }),
  of<unknown>('ABORTED', { bk: name, sub: whole, why: fc.string() }),
  of<unknown>('CLOSED', { bk: name, why: fc.constantFrom(...closeReasons) }),
  of<unknown>('RELEASED', { bk: name, actual: amounts }),
  of<unknown>('PRIME', { id: name, account: name, prefix: fc.string(), nonce: name, reserve: amounts }),
  of<unknown>('PRIME', {
    id: name,
    account: name,
    prefix: name,
    ttl: fc.constantFrom('5m', '1h'),
    nonce: name,
    reserve: amounts,
  }),
  of<unknown>('PRIME', { id: name, account: name, prefix: name, nonce: name, reserve: amounts, perHour: whole }),
  of<unknown>('PRIMED', { id: name, actual: amounts }),
  of<unknown>('PRIMED', { id: name, actual: amounts, model: name, usage, isUsOnly: fc.constant(true) }),
  of<unknown>('ADJUSTED', { account: name, until: whole, billed: whole, booked: whole }),
  of('CANCEL', { run: name }),
) as fc.Arbitrary<JournalRecord>;

describe('journal codec', () => {
  it('gives back every record that it wrote, with the time of the log', () => {
    const kinds = new Set<string>();
    const property = fc.property(record, whole, (written, at) => {
      kinds.add(written.kind);
      assert.deepEqual(decodeJournal(encodeJournal(written), at), { ...written, at });
      assert.deepEqual(journalRecordSchema.parse(written), written);
    });
    fc.assert(property, { numRuns: 1_000 });
    assert.deepEqual([...kinds].sort(), [...journalKinds].sort());
  });

  it('writes one line that begins with its version', () => {
    const text = Buffer.from(encodeJournal({ kind: 'CANCEL', run: 'r\n1' })).toString();
    assert.equal(text, '{"v":3,"kind":"CANCEL","run":"r\\n1"}');
  });

  it('reads what earlier versions wrote, whose money was whole nanodollars', () => {
    const read = (v: number, fields: object) => decodeJournal(Buffer.from(JSON.stringify({ v, ...fields })), 5);
    const reserve = { 'fleet:money': 100, 'run:r_1:money': 7, 'account:main:items': 3 };
    const today = { 'fleet:money': 400, 'run:r_1:money': 28, 'account:main:items': 3 };
    const pairs = [
      [1, { kind: 'INTENT', bk: 'b', reserve }, { reserve: today }],
      [1, { kind: 'RELEASED', bk: 'b', actual: reserve }, { actual: today }],
      [2, { kind: 'PRIME', id: 'p', reserve, perHour: 60 }, { reserve: today }],
      [1, { kind: 'PRIMED', id: 'p', actual: reserve }, { actual: today }],
      [1, { kind: 'ADJUSTED', account: 'a', until: 60_000, billed: 5, booked: 9 }, { billed: 20, booked: 36 }],
      [2, { kind: 'CAP', scope: 'fleet:money', period: 'day', limit: 50 }, { limit: 200 }],
      [1, { kind: 'CAP', scope: 'account:a:money', period: 'day', limit: null }, {}],
      [1, { kind: 'CAP', scope: 'account:a:items', period: 'total', limit: 50 }, {}],
      [1, { kind: 'CANCEL', run: 'r' }, {}],
    ] as const;
    for (const [v, fields, changed] of pairs) assert.deepEqual(read(v, fields), { ...fields, ...changed, at: 5 });
    assert.deepEqual(read(1, { kind: 'INTENT', bk: 'b' }), { kind: 'INTENT', bk: 'b', reserve: {}, at: 5 });
  });

  it('says UNKNOWN to what a newer version wrote', () => {
    for (const fields of [
      '"v":4,"kind":"CANCEL"',
      '"v":3,"kind":"MERGED"',
      '"v":1,"kind":"MERGED"',
      '"kind":"CANCEL"',
    ]) {
      const decoded = decodeJournal(Buffer.from(`{${fields},"run":"r"}`), 5);
      assert.deepEqual([decoded.kind, decoded.at], ['UNKNOWN', 5], fields);
    }
    const { what } = decodeJournal(Buffer.from('{"v":4,"kind":"CANCEL"}'), 0) as { what: string };
    assert.equal(what, 'journal record CANCEL of version 4');
  });

  it('never throws, and takes no bytes for a record', () => {
    const property = fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(text => Buffer.from(text)),
      ),
      value => {
        assert.equal(decodeJournal(value, 0).kind, 'UNKNOWN');
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });

  it('has a schema that refuses what no record has', () => {
    for (const odd of [
      { kind: 'CANCEL', run: 'r', by: 'x' },
      { kind: 'CLOSED', bk: 'b', why: 'bored' },
      { kind: 'CREATED', bk: 'b', sub: -1, pid: 'p' },
    ]) {
      assert.equal(journalRecordSchema.safeParse(odd).success, false);
    }
  });
});
