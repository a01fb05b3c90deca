import type { LaneItem } from '../lane.ts';
import { claimKey, formatRid, type Rid } from '../rid.ts';
import { hasOwnCap, type View } from '../view.ts';

interface Purchase extends Rid {
  att: number;
  run: string | null;
  /** Null while it waits in a lane. */
  bk: string | null;
}

/**
 * What an accumulator buys at this moment, by request key, so that a second document with the same request can wait for the
 * first one's answer. A hint: an entry that is gone costs a purchase, one that is wrong a turn through the lane.
 */
export class InFlight {
  readonly #entriesMax: number;
  readonly #byKey = new Map<string, Purchase>();

  constructor({ entriesMax }: { entriesMax: number }) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** The document that is being bought with this request, or null: also when only its run's own cap may hold it back. */
  find(key: string, { view, run }: { view: View; run: string | null }): Rid | null {
    const found = this.#byKey.get(key);
    if (!found || (found.run !== run && hasOwnCap(view, found.run))) return null;
    const { partition, offset, att, bk } = found;
    const isUnderWay =
      bk === null ||
      view.batches.get(bk)?.settled === null ||
      view.retries.has(claimKey({ partition, offset, att: att + 1 }));
    if (isUnderWay) return { partition, offset };
    this.#byKey.delete(key);
    return null;
  }

  /** It is in a lane, to be bought. */
  placed({ partition, offset, att, run, requestKey: key }: LaneItem): void {
    if (key === null) return;
    this.#byKey.delete(key); // what was placed last leaves last
    this.#byKey.set(key, { partition, offset, att, run, bk: null });
    for (const oldest of this.#byKey.keys()) {
      if (this.#byKey.size <= this.#entriesMax) break;
      this.#byKey.delete(oldest);
    }
  }

  /** @param won what the batch holds: the rest was sealed by somebody else, who may do otherwise with it */
  sealed(items: readonly LaneItem[], { bk, won }: { bk: string; won: readonly Rid[] }): void {
    const ours = new Set(won.map(formatRid));
    for (const item of items) {
      const found = this.#entryOf(item);
      if (!found) continue;
      if (ours.has(formatRid(item))) found.bk = bk;
      else this.#byKey.delete(item.requestKey as string);
    }
  }

  /** It waits in no lane of ours any more, and we have not sealed it. */
  left(item: LaneItem): void {
    if (this.#entryOf(item)?.bk === null) this.#byKey.delete(item.requestKey as string);
  }

  #entryOf({ requestKey: key, partition, offset }: LaneItem): Purchase | null {
    const found = key === null ? undefined : this.#byKey.get(key);
    return found?.partition === partition && found.offset === offset ? found : null;
  }
}
