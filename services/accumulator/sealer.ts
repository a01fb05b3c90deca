import type { SealedRecord } from '#core/journal.ts';
import type { Lane, LaneCloseReason } from '#core/lane.ts';
import { encodePayload } from '#core/payload.ts';
import type { CachePlan } from '#core/prompt-cache/cache-plan.ts';
import type { Ids } from '#ports/ids.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import type { BatchPlanner } from './batch-planner.ts';
import { inGroups } from './in-groups.ts';
import type { ReuseDesk } from './reuse-desk.ts';
import type { SealSpans } from './seal-spans.ts';

export interface SealerPorts {
  payloads: PayloadStore;
  ids: Ids;
  follower: ViewFollower;
  queue: WorkQueue;
  recipes: RecipeBook;
}

/** A lane that becomes a batch. */
export interface ToSeal {
  lane: Lane;
  reason: LaneCloseReason | 'retry';
}

interface Lot extends ToSeal {
  bk: string;
  plan: CachePlan | null;
}

/** Makes batches of lanes. */
export class Sealer {
  readonly #ports: SealerPorts;
  readonly #planner: BatchPlanner;
  readonly #reuse: ReuseDesk | null;
  readonly #sealSpans: SealSpans | null;

  constructor(
    ports: SealerPorts,
    parts: { planner: BatchPlanner; reuse: ReuseDesk | null; sealSpans: SealSpans | null },
  ) {
    this.#ports = ports;
    this.#planner = parts.planner;
    this.#reuse = parts.reuse;
    this.#sealSpans = parts.sealSpans;
  }

  /** Payloads, SEALED, read back: only a SEALED that our own view has passed is acted on (protocol §5.1). */
  async seal(all: readonly ToSeal[]): Promise<void> {
    if (all.length === 0) return;
    const { ids, follower, queue } = this.#ports;
    const lots = all.map(({ lane, reason }): Lot => {
      const bk = ids.batchKey();
      return { lane, reason, bk, plan: this.#planner.plan(lane, bk) };
    });
    try {
      await this.#append(lots);
    } finally {
      for (const { lane, bk } of lots) if (lane.cache && !follower.view.batches.has(bk)) this.#planner.forget(bk);
    }
    await inGroups(lots, async ({ lane, reason, bk }) => {
      const batch = follower.view.batches.get(bk);
      this.#reuse?.sealed(lane.items, { bk, won: batch?.items ?? [] });
      this.#sealSpans?.sealed(batch, lane, { reason, claims: follower.view.claims });
      if (batch?.state.is === 'unsent') await queue.add({ queue: 'collect', id: bk });
      else if (batch) await queue.add({ queue: 'submit', id: bk, account: batch.account });
    });
  }

  async #append(lots: readonly Lot[]): Promise<void> {
    const { payloads, follower, recipes } = this.#ports;
    for (const recipe of new Set(lots.map(({ lane }) => lane.recipe))) await recipes.ensureWritten(recipe);
    // Side by side: one after the other, a round of eighty batches would wait eighty times for the store, and for the queue.
    await inGroups(
      lots,
      async ({ lane, bk }) => {
        if (lane.type === 'batch') await payloads.put(bk, encodePayload(lane.items));
      },
      ({ lane }) => lane.bytes,
    );
    await follower.append(...lots.map(sealedRecord));
    await follower.catchUp();
  }
}

const sealedRecord = ({ lane, bk, plan }: { lane: Lane; bk: string; plan: CachePlan | null }): SealedRecord => ({
  kind: 'SEALED',
  bk,
  type: lane.type,
  account: lane.account,
  recipe: lane.recipe,
  runs: [...new Set(lane.items.flatMap(item => item.run ?? []))],
  items: lane.items.map(({ partition, offset, att, charged, uncharged, key, of }) => {
    if (key === null && uncharged === 0 && of === null) return [partition, offset, att, charged] as const;
    const extra = {
      ...(key === null ? {} : { key }),
      ...(uncharged === 0 ? {} : { uncharged }),
      ...(of === null ? {} : { of: [of.partition, of.offset] as const, until: of.until }),
    };
    return [partition, offset, att, charged, extra] as const;
  }),
  ...(plan ? { plan } : {}),
});
