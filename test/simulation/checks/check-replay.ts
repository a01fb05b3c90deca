import { canonicalJson } from '#core/recipe.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import { takeSnapshot, viewFromSnapshot } from '#core/snapshot.ts';
import { createView, type View } from '#core/view.ts';
import type { Run } from '../run-seed.ts';

/** A snapshot and the records after it make the same view as all records, wherever the cut lies and whoever is first. */
export function checkReplay({ world, truth }: Run): void {
  const { journal, settled } = truth;
  const [journalCut, settledCut] = [world.random.between(0, journal.length), world.random.between(0, settled.length)];
  const before = createView();
  for (const record of settled.slice(0, settledCut)) reduceSettled(before, record);
  for (const record of journal.slice(0, journalCut)) reduceJournal(before, record);
  const restored = viewFromSnapshot(takeSnapshot(before, { journalOffset: journalCut, settledOffsets: [] }));
  if (!restored) {
    world.violate('replay: a snapshot that nobody can read');
    return;
  }
  for (const record of journal.slice(journalCut)) reduceJournal(restored, record);
  for (const record of settled.slice(settledCut)) reduceSettled(restored, record);
  if (textOf(restored) !== textOf(truth.view)) world.violate('replay: snapshot and tail differ from the whole');
}

/** Maps in the order of their keys: the same view, the same text. */
function textOf(view: View): string {
  const { view: plain } = takeSnapshot(view, { journalOffset: 0, settledOffsets: [] });
  const sorted = Object.entries(plain).map(([name, value]) => {
    const isMap = Array.isArray(value) && value.every(entry => Array.isArray(entry));
    return [name, isMap ? Object.fromEntries(value as [string, unknown][]) : value];
  });
  return canonicalJson(Object.fromEntries(sorted));
}
