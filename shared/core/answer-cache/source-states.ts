import { formatRid, type Rid } from '../rid.ts';
import type { View } from '../view.ts';

/** How it stands with a record whose answer others wait for. */
export type SourceState =
  /** It is being bought, or will be: its answer comes, or it dies. */
  | 'under-way'
  /** It takes another's answer itself. Nobody waits for it, so that no two can wait for each other. */
  | 'reusing'
  /** It has its terminal record. */
  | 'ended';

/** The state of each of these records, by `formatRid`: one walk over what is open. */
export function sourceStates(view: View, rids: readonly Rid[]): Map<string, SourceState> {
  const states = new Map<string, SourceState>();
  for (const rid of rids) {
    states.set(formatRid(rid), view.claims.has({ ...rid, att: 0 }) ? 'ended' : 'under-way');
  }
  for (const { items, kind, settled } of view.batches.values()) {
    if (settled) continue;
    for (const item of items) {
      const rid = formatRid(item);
      if (states.has(rid)) states.set(rid, kind === 'reuse' ? 'reusing' : 'under-way');
    }
  }
  for (const { p, o, of } of view.retries.values()) {
    const rid = formatRid({ partition: p, offset: o });
    if (states.has(rid)) states.set(rid, of ? 'reusing' : 'under-way');
  }
  return states;
}
