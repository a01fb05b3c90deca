import fc from 'fast-check';
import { capPeriods, closeReasons, type JournalRecord, type SealedItem, type Stamped } from '#core/journal.ts';
import { reduceJournal, transitions } from '#core/reduce-journal.ts';
import type { SettledRecord } from '#core/settled.ts';
import { createView, type View } from '#core/view.ts';
import { noon, retryRow, settledOf } from './journal-records.ts';

/** What one run of a property folds: a journal, and what was settled, each in the order of its own topic. */
export interface LogSample {
  journal: Stamped[];
  settled: SettledRecord[];
}

const batchKeys = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8'] as const;
const runs = ['A', 'B'] as const;
const scopes = ['account:main:money', 'account:main:items', 'run:A:money'] as const;
const hourMs = 3_600_000;

const batchKey = fc.constantFrom(...batchKeys);
const amount = fc.integer({ min: 0, max: 9 });
const amounts = fc
  .array(fc.tuple(fc.constantFrom(...scopes), amount), { maxLength: 3 })
  .map(entries => Object.fromEntries(entries));

const sealedItem: fc.Arbitrary<SealedItem> = fc
  .tuple(
    fc.nat(1),
    fc.nat(6),
    fc.constantFrom(0, 0, 0, 1, 2),
    fc.option(fc.constantFrom('k1', 'k2'), { freq: 2, nil: undefined }),
  )
  .map(([partition, offset, att, key]) =>
    key === undefined ? [partition, offset, att, att] : [partition, offset, att, att, { key }],
  );

const mark = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom('5m' as const, '1h' as const), fc.boolean())
  .map(([depth, ttl, prime]) => ({ depth, hash: '0123456789abcdef', ttl, prime }));

const plan = fc
  .tuple(
    fc.constantFrom('marked' as const, 'held-back' as const, 'shadow' as const),
    fc.array(mark, { minLength: 1, maxLength: 4 }),
  )
  .map(([use, marks]) => ({ use, marks }));

const plainSealed = fc.record({
  kind: fc.constant('SEALED' as const),
  bk: batchKey,
  type: fc.constantFrom('batch' as const, 'batch' as const, 'batch' as const, 'reject' as const),
  account: fc.constant('main'),
  recipe: fc.constant('recipe'),
  runs: fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, fc.uniqueArray(fc.constantFrom(...runs), { maxLength: 2 })),
  items: fc.array(sealedItem, { minLength: 1, maxLength: 4 }),
});

const sealedRecord = fc
  .tuple(plainSealed, fc.option(plan, { nil: undefined }))
  .map(([sealed, drawn]) => (drawn === undefined ? sealed : { ...sealed, plan: drawn }));

const intentRecord = fc.record({
  kind: fc.constant('INTENT' as const),
  bk: batchKey,
  sub: fc.integer({ min: 1, max: 3 }),
  worker: fc.constantFrom('w1', 'w2'),
  incarnation: fc.constantFrom('i1', 'i2'),
  nonce: fc.constantFrom('n1', 'n2', 'n3'),
  reserve: amounts,
});

const capRecord = fc.record({
  kind: fc.constant('CAP' as const),
  scope: fc.constantFrom(...scopes),
  period: fc.constantFrom(...capPeriods),
  limit: fc.option(fc.integer({ min: 0, max: 30 }), { freq: 3 }),
});

const primeIds = ['p1', 'p2', 'p3', 'p4'] as const;

/** Any record about a small world, so that records meet each other often. */
const anyRecord: fc.Arbitrary<JournalRecord> = fc.oneof(
  { arbitrary: sealedRecord, weight: 6 },
  { arbitrary: intentRecord, weight: 5 },
  {
    arbitrary: fc.record({
      kind: fc.constant('CREATED' as const),
      bk: batchKey,
      sub: fc.integer({ min: 1, max: 3 }),
      pid: fc.constantFrom('pid1', 'pid2', 'pid3', 'pid4'),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('ABORTED' as const),
      bk: batchKey,
      sub: fc.integer({ min: 1, max: 3 }),
      why: fc.constantFrom('absent', 'refused'),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('CLOSED' as const),
      bk: batchKey,
      why: fc.constantFrom(...closeReasons),
    }),
    weight: 2,
  },
  { arbitrary: fc.record({ kind: fc.constant('RELEASED' as const), bk: batchKey, actual: amounts }), weight: 3 },
  { arbitrary: capRecord, weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('CANCEL' as const), run: fc.constantFrom(...runs) }), weight: 1 },
  {
    arbitrary: fc.record(
      {
        kind: fc.constant('PRIME' as const),
        id: fc.constantFrom(...primeIds),
        account: fc.constant('main'),
        prefix: fc.constant('prefix'),
        ttl: fc.constantFrom('5m' as const, '1h' as const),
        model: fc.constantFrom('m', 'n'),
        nonce: fc.constantFrom('n1', 'n2'),
        reserve: amounts,
        perHour: fc.nat(2),
      },
      { requiredKeys: ['kind', 'id', 'account', 'prefix', 'ttl', 'model', 'nonce', 'reserve'] },
    ),
    weight: 2,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('PRIMED' as const), id: fc.constantFrom(...primeIds), actual: amounts }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('ADJUSTED' as const),
      account: fc.constantFrom('main', 'other'),
      until: fc.integer({ min: 1, max: 9 }),
      billed: amount,
      booked: amount,
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('FLEET' as const),
      fleet: fc.constantFrom('fleeta', 'fleetb'),
      partitions: fc.constant(2),
      settledPartitions: fc.constant(32),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('ACCOUNT' as const),
      account: fc.constantFrom('main', 'other'),
      provider: fc.constant('anthropic'),
      baseUrl: fc.constant('https://api.example'),
      owner: fc.constantFrom('o1', 'o2'),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('REPIN' as const),
      account: fc.constantFrom('main', 'other'),
      owner: fc.constantFrom('o1', 'o3'),
    }),
    weight: 1,
  },
);

/**
 * A journal in which much is accepted: submissions mostly carry the number that is due. Time goes on by hours, so that
 * days and now and then a month end.
 */
export const journalArbitrary = (maxLength = 60): fc.Arbitrary<Stamped[]> =>
  fc.array(fc.tuple(anyRecord, fc.nat(30), fc.boolean(), fc.boolean()), { maxLength, size: 'max' }).map(choices => {
    const view = createView();
    let at = noon;
    return choices.map(([choice, hours, isApt, isApter]) => {
      at += (hours * hourMs) / 4;
      const record = { ...(isApt || isApter ? aptRecord(view, choice) : choice), at } as Stamped;
      reduceJournal(view, record);
      return record;
    });
  });

/** The same record about a batch that is in a state for it, with the submission that this batch is at. */
function aptRecord(view: View, record: JournalRecord): JournalRecord {
  if (!('bk' in record) || record.kind === 'SEALED') return record;
  const open = [...view.batches.values()].filter(({ state }) => transitions[state.is].includes(record.kind));
  const { bk, sub } = open.find(batch => batch.bk >= record.bk) ?? open[0] ?? { bk: record.bk, sub: 0 };
  if (record.kind === 'CREATED') return { ...record, bk, sub, pid: `pid-${bk}-${sub}` };
  if (record.kind === 'INTENT') return { ...record, bk, sub: sub + 1 };
  return record.kind === 'ABORTED' ? { ...record, bk, sub } : { ...record, bk };
}

const settledRecord: fc.Arbitrary<SettledRecord> = fc
  .tuple(batchKey, fc.array(fc.tuple(fc.nat(1), fc.nat(4), fc.integer({ min: 1, max: 2 })), { maxLength: 3 }), amounts)
  .map(([bk, rows, actual]) =>
    settledOf(
      bk,
      rows.map(([p, o, att]) => retryRow(p, o, att)),
      actual,
    ),
  );

export const logArbitrary = (maxLength = 60): fc.Arbitrary<LogSample> =>
  fc.record({
    journal: journalArbitrary(maxLength),
    settled: fc.array(settledRecord, { maxLength: 8 }),
  });

export type LogEntry = { is: 'journal'; record: Stamped } | { is: 'settled'; record: SettledRecord };

/** One of the ways to read two topics: `journalFirst` says for each step which one is read on. */
export function interleave({ journal, settled }: LogSample, journalFirst: readonly boolean[]): LogEntry[] {
  const entries: LogEntry[] = [];
  const [left, right] = [[...journal], [...settled]];
  for (let step = 0; left.length + right.length > 0; step++) {
    const isJournal =
      right.length === 0 || (left.length > 0 && journalFirst[step % (journalFirst.length || 1)] !== false);
    if (isJournal) entries.push({ is: 'journal', record: left.shift() as Stamped });
    else entries.push({ is: 'settled', record: right.shift() as SettledRecord });
  }
  return entries;
}
