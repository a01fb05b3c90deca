import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JournalRecord, SealedItem } from '#core/journal.ts';
import { type SettledRecord, settledVersion } from '#core/settled.ts';
import { AuditBook, type AuditReport } from './audit-book.ts';

const fleet = 'abcdef';
const [bk, otherBk] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];
const rid = (offset: number) => ({ partition: 0, offset });
const bought = (offset: number, att = 0) => ({ fleet, bk, partition: 0, offset, att });

interface Facts {
  documents: number;
  sealed: readonly { bk: string; items: readonly SealedItem[] }[];
  created: readonly { bk: string; pid: string; sub?: number }[];
  settled: readonly SettledRecord[];
  bill: readonly { offset: number; att?: number }[] | null;
  results: readonly { offset: number; att?: number; isSucceeded?: boolean; from?: number }[];
  deadLetters: readonly number[];
  sealedBelow: number;
  foreign: readonly (string | null)[];
}

const settle = (record: Partial<SettledRecord>): SettledRecord => ({
  v: settledVersion,
  bk,
  done: [],
  dead: [],
  retry: [],
  usage: { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 },
  cost: 0,
  individualCost: 0,
  runs: {},
  actual: {},
  ...record,
});

/** Two documents in one batch: one answered, one dead. */
const clean: Facts = {
  documents: 2,
  sealed: [{ bk, items: [[0, 0, 0, 0] as const, [0, 1, 0, 0] as const] }],
  created: [{ bk, pid: 'msgbatch_1' }],
  settled: [settle({ done: [[0, 0]], dead: [[0, 1, 'refused']] })],
  bill: [{ offset: 0 }, { offset: 1 }],
  results: [{ offset: 0 }, { offset: 1, isSucceeded: false }],
  deadLetters: [1],
  sealedBelow: 2,
  foreign: [],
};

function audit(changes: Partial<Facts>): AuditReport {
  const facts = { ...clean, ...changes };
  const book = new AuditBook();
  book.range(0, { start: 0, end: facts.documents });
  for (let offset = 0; offset < facts.documents; offset++) book.document(rid(offset));
  for (const { offset, att } of facts.bill ?? []) book.purchase(bought(offset, att));
  for (const customId of facts.foreign) book.foreignPurchase(customId);
  for (const record of facts.settled) book.settled(record);
  const add = (record: JournalRecord): void => book.journal({ ...record, at: 1_000 });
  add({ kind: 'FLEET', fleet, partitions: 1, settledPartitions: 1 });
  for (const { bk: key, items } of facts.sealed) {
    add({ kind: 'SEALED', bk: key, type: 'batch', account: 'a', recipe: 'r', runs: [], items });
  }
  for (const { bk: key, pid, sub = 1 } of facts.created) {
    const intent = { worker: 'w', incarnation: 'i', nonce: pid, reserve: {} };
    add({ kind: 'INTENT', bk: key, sub, ...intent });
    add({ kind: 'CREATED', bk: key, sub, pid });
  }
  for (const { offset, att = 0, isSucceeded = true, from } of facts.results) {
    book.result({ rid: rid(offset), att, isSucceeded, reusedFrom: from === undefined ? null : rid(from) });
  }
  for (const offset of facts.deadLetters) book.deadLetter(rid(offset));
  return book.close({ sealedBelow: () => facts.sealedBelow, hasBill: facts.bill !== null });
}

const faults = ({ lost, duplicated, boughtTwice, unaccounted }: AuditReport) => ({
  lost,
  duplicated,
  boughtTwice,
  unaccounted,
});
const none = { lost: 0, duplicated: 0, boughtTwice: 0, unaccounted: 0 };

describe('AuditBook', () => {
  it('finds a finished log clean', () => {
    const { examples, ...report } = audit({});
    assert.deepEqual(report, {
      documents: 2,
      answered: 1,
      reused: 0,
      deadLettered: 1,
      pending: 0,
      ...none,
      verdict: 'clean',
    });
    assert.deepEqual(examples, []);
  });

  it('finds an empty log clean', () => {
    const empty = { documents: 0, sealed: [], created: [], settled: [], bill: [], results: [], deadLetters: [] };
    assert.equal(audit(empty).verdict, 'clean');
  });

  it('counts a settled document without an answer as lost', () => {
    const report = audit({ results: [{ offset: 1, isSucceeded: false }] });
    assert.deepEqual(faults(report), { ...none, lost: 1 });
    assert.match(report.examples[0] ?? '', /lost: 0\/0/);
  });

  it('counts a document that was passed over without being sealed as lost', () => {
    assert.deepEqual(faults(audit({ documents: 3, sealedBelow: 3 })), { ...none, lost: 1 });
  });

  it('takes what is not sealed, not settled or due again for work under way', () => {
    assert.deepEqual(pick(audit({ documents: 3 })), { pending: 1, verdict: 'unfinished' });
    const unsettled = { settled: [], results: [], deadLetters: [] };
    assert.deepEqual(pick(audit(unsettled)), { pending: 2, verdict: 'unfinished' });
    const row = { p: 0, o: 0, att: 1, charged: 1, uncharged: 0, notBefore: 0, cause: 'missing' as const, runs: [] };
    const again = {
      settled: [settle({ dead: [[0, 1, 'refused']], retry: [row] })],
      results: [{ offset: 1, isSucceeded: false }],
    };
    assert.deepEqual(pick(audit(again)), { pending: 1, verdict: 'unfinished' });
  });

  it('counts every answer beyond the first', () => {
    const results = [...clean.results, { offset: 0 }, { offset: 0 }];
    assert.deepEqual(faults(audit({ results })), { ...none, duplicated: 2 });
    assert.deepEqual(faults(audit({ deadLetters: [1, 1] })), { ...none, duplicated: 1 });
  });

  it('counts an attempt that was executed twice', () => {
    assert.deepEqual(faults(audit({ bill: [{ offset: 0 }, { offset: 1 }, { offset: 1 }] })), {
      ...none,
      boughtTwice: 1,
    });
  });

  it('counts an attempt that was bought after the answer', () => {
    const sealed = [...clean.sealed, { bk: otherBk, items: [[0, 0, 1, 1] as const] }];
    const bill = [{ offset: 0 }, { offset: 1 }, { offset: 0, att: 1 }];
    assert.deepEqual(faults(audit({ sealed, bill })), { ...none, boughtTwice: 1 });
  });

  it('takes a retry that was answered for one purchase each', () => {
    const row = { p: 0, o: 0, att: 1, charged: 1, uncharged: 0, notBefore: 0, cause: 'missing' as const, runs: [] };
    const report = audit({
      sealed: [...clean.sealed, { bk: otherBk, items: [[0, 0, 1, 1]] }],
      created: [...clean.created, { bk: otherBk, pid: 'msgbatch_2' }],
      settled: [settle({ dead: [[0, 1, 'refused']], retry: [row] }), settle({ bk: otherBk, done: [[0, 0]] })],
      bill: [{ offset: 0 }, { offset: 1 }, { offset: 0, att: 1 }],
      results: [
        { offset: 1, isSucceeded: false },
        { offset: 0, att: 1 },
      ],
    });
    assert.deepEqual(faults(report), none);
    assert.equal(report.verdict, 'clean');
  });

  it('finds what nothing explains', () => {
    assert.deepEqual(faults(audit({ foreign: ['somebody'] })), { ...none, unaccounted: 1 });
    const unsealed = { sealed: [{ bk, items: [[0, 0, 0, 0] as const] }], settled: [settle({ done: [[0, 0]] })] };
    const report = audit({ ...unsealed, results: [{ offset: 0 }], deadLetters: [], sealedBelow: 0 });
    assert.deepEqual(faults(report), { ...none, unaccounted: 1 });
    assert.match(report.examples[0] ?? '', /0\/1 was bought and never sealed/);
  });

  it('closes the books of every batch', () => {
    const report = audit({ settled: [settle({ done: [[0, 0]] })] });
    assert.match(report.examples[0] ?? '', /batch aaaaaaaaaaaa has 2 items and settled 1/);
    assert.equal(report.verdict, 'failed');
  });

  it('counts the second copy of a settled record once', () => {
    assert.equal(audit({ settled: [...clean.settled, ...clean.settled] }).verdict, 'clean');
  });

  it('misses the dead letter of a failed document, and the answer of a dead letter', () => {
    assert.deepEqual(faults(audit({ deadLetters: [] })), { ...none, unaccounted: 1 });
    const answers = [{ offset: 0 }];
    assert.deepEqual(faults(audit({ results: answers })), { ...none, lost: 1, unaccounted: 1 });
  });

  it('without an invoice counts the items of creates that were answered with a second batch', () => {
    const created = [
      { bk, pid: 'msgbatch_1' },
      { bk, pid: 'msgbatch_2' },
    ];
    assert.deepEqual(faults(audit({ bill: null, created })), { ...none, boughtTwice: 2 });
    assert.deepEqual(faults(audit({ bill: null, created: [...clean.created, ...clean.created] })), none);
  });

  it('counts answers that were given again, and finds those that were nobody’s or were bought all the same', () => {
    const reused = (from: number, bill: Facts['bill']): AuditReport =>
      audit({
        documents: 3,
        bill,
        sealed: [...clean.sealed, { bk: otherBk, items: [[0, 2, 0, 0]] }],
        settled: [...clean.settled, settle({ bk: otherBk, done: [[0, 2]] })],
        results: [...clean.results, { offset: 2, from }],
        sealedBelow: 3,
      });
    const report = reused(0, clean.bill);
    assert.deepEqual([report.answered, report.reused, report.verdict], [2, 1, 'clean']);
    assert.deepEqual(faults(reused(1, clean.bill)), { ...none, unaccounted: 1 });
    assert.deepEqual(faults(reused(2, clean.bill)), { ...none, unaccounted: 1 });
    assert.deepEqual(faults(reused(0, [...(clean.bill ?? []), { offset: 2 }])), { ...none, boughtTwice: 1 });
  });

  it('does not judge what is older than the log', () => {
    const book = new AuditBook();
    book.range(0, { start: 10, end: 10 });
    book.purchase(bought(3));
    book.result({ rid: rid(3), att: 0, isSucceeded: true });
    assert.equal(book.close({ sealedBelow: () => 10, hasBill: true }).verdict, 'clean');
  });
});

const pick = ({ pending, verdict }: AuditReport) => ({ pending, verdict });
