import { formatRid, type Rid } from '../rid.ts';
import type { Batch, View } from '../view.ts';

/** How it stands with a record whose answer others wait for. */
export type SourceState =
  /** It is being bought, or will be: its answer comes, or it dies. */
  | 'under-way'
  /** It takes another's answer itself. Nobody waits for it, so that no two can wait for each other. */
  | 'reusing'
  /** It has its terminal record. */
  | 'ended';

/** The state of each of these records, by `formatRid`: one walk over what is open, however many are asked for. */
export function sourceStates(view: View, rids: readonly Rid[]): Map<string, SourceState> {
  const wanted = new Map<number, Map<number, SourceState>>();
  for (const { partition, offset } of rids) {
    const offsets = wanted.get(partition) ?? new Map<number, SourceState>();
    offsets.set(offset, view.claims.has({ partition, offset, att: 0 }) ? 'ended' : 'under-way');
    wanted.set(partition, offsets);
  }
  const note = (partition: number, offset: number, state: SourceState): void => {
    const offsets = wanted.get(partition);
    if (offsets?.has(offset)) offsets.set(offset, state);
  };
  for (const { items, kind, settled } of view.batches.values()) {
    if (settled) continue;
    const state = kind === 'reuse' ? 'reusing' : 'under-way';
    for (const { partition, offset } of items) note(partition, offset, state);
  }
  for (const { p, o, of } of view.retries.values()) note(p, o, of ? 'reusing' : 'under-way');
  const states = new Map<string, SourceState>();
  for (const [partition, offsets] of wanted) {
    for (const [offset, state] of offsets) states.set(formatRid({ partition, offset }), state);
  }
  return states;
}

/** Of batches of kind `reuse`, those of which something can be settled: the others wait, and nobody need look at them. */
export function dueReuse(view: View, batches: readonly Batch[], now: number): Batch[] {
  if (batches.length === 0) return [];
  const sources = sourceStates(
    view,
    batches.flatMap(({ items }) => items.flatMap(({ of }) => of ?? [])),
  );
  return batches.filter(({ items, runs }) => {
    if (runs.some(run => view.canceledRuns.has(run))) return true;
    return items.some(({ of, isDuplicate }) => {
      if (isDuplicate || of === null) return true;
      return now >= of.until || sources.get(formatRid(of)) !== 'under-way';
    });
  });
}
