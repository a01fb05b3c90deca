import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { interleave, journalArbitrary, type LogEntry, logArbitrary } from '#test/support/journal-arbitrary.ts';
import { noon, plainView } from '#test/support/journal-records.ts';
import { capPeriods, type SealedItem, type Stamped } from './journal.ts';
import { reduceJournal, transitions, type Verdict } from './reduce-journal.ts';
import { reduceSettled } from './reduce-settled.ts';
import { createView, periodKey, type View } from './view.ts';

const reads = fc.array(fc.boolean(), { maxLength: 40 });

/** Folds entries; the verdicts are those of the journal's records. */
function fold(entries: readonly LogEntry[], view = createView()): { view: View; verdicts: Verdict[] } {
  const verdicts: Verdict[] = [];
  for (const entry of entries) {
    if (entry.is === 'journal') verdicts.push(reduceJournal(view, entry.record));
    else reduceSettled(view, entry.record);
  }
  return { view, verdicts };
}

const entriesOf = (journal: readonly Stamped[]): LogEntry[] => journal.map(record => ({ is: 'journal', record }));

describe('the view as a fold', () => {
  it('same records, same view', () => {
    checkProperty(
      fc.property(logArbitrary(), reads, (log, order) => {
        const entries = interleave(log, order);
        assert.deepEqual(plainView(fold(entries).view), plainView(fold(entries).view));
      }),
    );
  });

  it('does not change the records it folds', () => {
    checkProperty(
      fc.property(logArbitrary(), reads, (log, order) => {
        const entries = interleave(log, order);
        const before = structuredClone(entries);
        fold(entries);
        assert.deepEqual(entries, before);
      }),
    );
  });

  it('settled never influences acceptance: whenever it is read, or never, the verdicts are the same', () => {
    checkProperty(
      fc.property(logArbitrary(), reads, (log, order) => {
        const never = fold(entriesOf(log.journal)).verdicts;
        assert.deepEqual(fold(interleave(log, order)).verdicts, never);
        assert.deepEqual(fold(interleave(log, [false])).verdicts, never, 'settled first, as after a restart');
      }),
      { runs: 300 },
    );
  });

  it('two topics read in any order give the same view', () => {
    checkProperty(
      fc.property(logArbitrary(), reads, reads, (log, one, other) => {
        const left = fold(interleave(log, one)).view;
        assert.deepEqual(plainView(left), plainView(fold(interleave(log, other)).view));
      }),
      { runs: 300 },
    );
  });

  it('an INTENT is accepted exactly when acceptsIntent says so; every other change is in the table', () => {
    checkProperty(
      fc.property(journalArbitrary(), journal => {
        const view = createView();
        for (const record of journal) {
          if (!('bk' in record)) {
            reduceJournal(view, record);
            continue;
          }
          const before = view.batches.get(record.bk)?.state.is ?? null;
          const verdict = reduceJournal(view, record);
          const after = view.batches.get(record.bk)?.state.is ?? null;
          if (verdict === 'refused') assert.equal(after, before);
          else if (record.kind !== 'SEALED') assert.ok(before && transitions[before].includes(record.kind));
        }
      }),
    );
  });
});

describe('reserves (S5)', () => {
  /** Everything open comes to its end, with nothing spent. */
  function endAll(view: View, at: number): void {
    for (const { bk, sub, state } of [...view.batches.values()]) {
      if (state.is === 'intent') reduceJournal(view, { kind: 'ABORTED', bk, sub, why: 'absent', at });
      if (state.is === 'created') reduceJournal(view, { kind: 'RELEASED', bk, actual: {}, at });
    }
    for (const id of view.primes.keys()) reduceJournal(view, { kind: 'PRIMED', id, actual: {}, at });
  }

  it('are never negative, and gone when everything was given back', () => {
    const withoutSpending = (record: Stamped): Stamped => {
      if (record.kind === 'ADJUSTED') return { ...record, billed: 0, booked: 0 };
      return 'actual' in record ? { ...record, actual: {} } : record;
    };
    checkProperty(
      fc.property(journalArbitrary(80), journal => {
        const view = createView();
        for (const record of journal.map(withoutSpending)) {
          reduceJournal(view, record);
          for (const [key, amount] of view.used) assert.ok(amount > 0, `${key}: ${amount}`);
        }
        endAll(view, journal.at(-1)?.at ?? 0);
        assert.deepEqual([...view.used], []);
      }),
      { runs: 300 },
    );
  });

  it('fit every cap in force at the moment of every INTENT that was accepted', () => {
    checkProperty(
      fc.property(journalArbitrary(80), journal => {
        const view = createView();
        for (const record of journal) {
          if (reduceJournal(view, record) === 'refused') continue;
          if (record.kind !== 'INTENT' && record.kind !== 'PRIME') continue;
          for (const scope of Object.keys(record.reserve)) {
            for (const period of capPeriods) {
              const used = view.used.get(`${scope}|${periodKey(period, record.at)}`) ?? 0;
              assert.ok(used <= (view.caps.get(`${scope}|${period}`) ?? Infinity), `${scope} ${period}`);
            }
          }
        }
      }),
      { runs: 300 },
    );
  });

  it('of a day and of a month add up to the total', () => {
    checkProperty(
      fc.property(journalArbitrary(80), journal => {
        // What a report takes off counts in total only.
        const { view } = fold(entriesOf(journal.filter(({ kind }) => kind !== 'ADJUSTED')));
        const sums = new Map<string, number>();
        for (const [key, amount] of view.used) {
          const [scope, period] = key.split('|') as [string, string];
          const kind = period === 'total' ? 'total' : period.length === 10 ? 'day' : 'month';
          sums.set(`${scope} ${kind}`, (sums.get(`${scope} ${kind}`) ?? 0) + amount);
        }
        for (const [name, sum] of sums) {
          const [scope] = name.split(' ');
          assert.equal(sums.get(`${scope} total`), sum, name);
        }
      }),
    );
  });
});

describe('primes', () => {
  const hourMs = 3_600_000;
  const step = fc.record({
    isPrime: fc.boolean(),
    id: fc.nat(30),
    isBought: fc.boolean(),
    onMs: fc.integer({ min: 0, max: 20 * 60_000 }),
    /** Stamps go back by less than an hour in all. */
    backMs: fc.constantFrom(0, 0, 1, 60_000, hourMs - 1),
  });

  it('no hour of the journal holds more that were bought than their bound, whatever its stamps do', () => {
    checkProperty(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 120, size: 'max' }), (perHour, steps) => {
        const view = createView();
        const taken: { id: string; at: number }[] = [];
        const unbought = new Set<string>();
        let now = noon;
        for (const { isPrime, id: number, isBought, onMs, backMs } of steps) {
          now += onMs;
          const [id, at] = [`p${number}`, now - backMs];
          const prime = {
            kind: 'PRIME',
            id,
            account: 'main',
            prefix: 'x',
            nonce: 'n',
            reserve: {},
            perHour,
            at,
          } as const;
          const primed = { kind: 'PRIMED', id, actual: isBought ? { 'fleet:money': 1 } : {}, at } as const;
          if (reduceJournal(view, isPrime ? prime : primed) === 'refused') continue;
          if (isPrime) taken.push({ id, at });
          else if (!isBought) unbought.add(id);
        }
        const bought = taken.filter(({ id }) => !unbought.has(id));
        for (const { at: from } of bought) {
          const inHour = bought.filter(({ at }) => at >= from && at < from + hourMs).length;
          assert.ok(inHour <= perHour, `${inHour} of ${perHour}`);
        }
      }),
      { runs: 500 },
    );
  });
});

describe('claims (S3)', () => {
  it('are won once: no two batches ever hold the same purchase, and one record at most sends for a key', () => {
    checkProperty(
      fc.property(journalArbitrary(80), journal => {
        const view = createView();
        const owners = new Map<string, string>();
        const senders = new Map<string, string>();
        for (const record of journal) {
          if (reduceJournal(view, record) === 'refused' || record.kind !== 'SEALED') continue;
          for (const { partition, offset, att, isDuplicate } of view.batches.get(record.bk)?.items ?? []) {
            const claim = `${partition}/${offset}/${att}`;
            assert.equal(owners.get(claim), undefined, claim);
            owners.set(claim, record.bk);
            const named: SealedItem | undefined = record.items.find(
              ([p, o, a]) => p === partition && o === offset && a === att,
            );
            const key: string | undefined = named?.[4]?.key;
            if (key === undefined || isDuplicate) continue;
            assert.equal(senders.get(key) ?? `${partition}/${offset}`, `${partition}/${offset}`, key);
            senders.set(key, `${partition}/${offset}`);
          }
        }
      }),
    );
  });
});
