import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { interleave, type LogEntry, logArbitrary } from '#test/support/journal-arbitrary.ts';
import { noon, openFold, plainView, sealed } from '#test/support/journal-records.ts';
import type { Stamped } from './journal.ts';
import { reduceJournal } from './reduce-journal.ts';
import { reduceSettled } from './reduce-settled.ts';
import { snapshotVersion, takeSnapshot, type ViewSnapshot, viewFromSnapshot } from './snapshot.ts';
import { createView, type View } from './view.ts';

const positions = { journalOffset: 7, settledOffsets: [1, 2] };

const throughJson = (snapshot: ViewSnapshot): ViewSnapshot => JSON.parse(JSON.stringify(snapshot)) as ViewSnapshot;

function foldInto(view: View, entries: readonly LogEntry[]): View {
  for (const entry of entries) {
    if (entry.is === 'journal') reduceJournal(view, entry.record);
    else reduceSettled(view, entry.record);
  }
  return view;
}

describe('a snapshot', () => {
  it('and the tail after it are the full replay, wherever it was cut and through JSON', () => {
    checkProperty(
      fc.property(logArbitrary(), fc.array(fc.boolean(), { maxLength: 40 }), fc.nat(70), (log, order, at) => {
        const entries = interleave(log, order);
        const cut = Math.min(at, entries.length);
        const snapshot = takeSnapshot(foldInto(createView(), entries.slice(0, cut)), positions);
        const view = viewFromSnapshot(throughJson(snapshot));
        assert.ok(view);
        const replayed = foldInto(createView(), entries);
        assert.deepEqual(plainView(foldInto(view, entries.slice(cut))), plainView(replayed));
      }),
    );
  });

  it('does not change with the view it was taken from', () => {
    const fold = openFold(sealed('one'));
    const snapshot = takeSnapshot(fold.view, positions);
    const before = structuredClone(snapshot);
    fold.add({ kind: 'CLOSED', bk: 'one', why: 'split' });
    assert.deepEqual(snapshot, before);
  });

  it('does not change with the view that was made from it', () => {
    const snapshot = takeSnapshot(openFold(sealed('one')).view, positions);
    const before = structuredClone(snapshot);
    reduceJournal(viewFromSnapshot(snapshot) as View, { kind: 'CLOSED', bk: 'one', why: 'split', at: noon });
    assert.deepEqual(snapshot, before);
  });

  it('names the fleet and the positions it stands at', () => {
    const fold = openFold({ kind: 'FLEET', fleet: 'abcdef', partitions: 1, settledPartitions: 32 });
    const { v, fleet, journalOffset, settledOffsets } = takeSnapshot(fold.view, positions);
    assert.deepEqual(
      { v, fleet, journalOffset, settledOffsets },
      { v: snapshotVersion, fleet: 'abcdef', ...positions },
    );
  });

  it('of another version is not read', () => {
    for (const v of [1, snapshotVersion - 1, snapshotVersion + 1]) {
      const snapshot = { ...takeSnapshot(createView(), positions), v } as unknown as ViewSnapshot;
      assert.equal(viewFromSnapshot(snapshot), null, String(v));
    }
  });

  it('that was taken after a record it could not understand is not read: newer code has to see that record', () => {
    const fold = openFold(sealed('one'));
    reduceJournal(fold.view, { kind: 'HEDGED', at: noon } as unknown as Stamped);
    assert.equal(viewFromSnapshot(takeSnapshot(fold.view, positions)), null);
  });
});
