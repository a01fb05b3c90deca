import { requestParams } from '#core/build-request.ts';
import type { Document } from '#core/document.ts';
import type { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import { type CachePlanReason, planCache } from '#core/prompt-cache/plan-cache.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { PromptHeads } from '#core/prompt-cache/prompt-heads.ts';
import type { PromptBlocks } from '#core/prompt-cache/prompt-positions.ts';
import { requestFacts } from '#runtime/routing.ts';
import type { LaneSource } from './lane-source.ts';

/** Documents that would share batches, and what the planner finds in the first of them. */
export interface ExplainedLane {
  /** Null: documents in the provider's shape. */
  task: string | null;
  model: string;
  documents: number;
  batches: number;
  batchItems: number;
  policy: CachePolicy;
  why: readonly CachePlanReason[];
}

/** Lanes of one file that are told apart; what comes later is counted, and not explained. */
const lanesMax = 50;

/**
 * What the planner would do, lane by lane, without doing it: no batch is held back, and nothing is learned. Memory does not
 * grow with a file: of each lane the first batch is kept.
 */
export class CacheExplainer {
  readonly #lanes = new Map<string, FirstBatch>();
  readonly #heads = new PromptHeads();
  #count = 0;
  /** Documents of lanes beyond the bound. */
  others = 0;

  add(document: Document, source: LaneSource): void {
    const { ask, task } = document;
    const full = this.#lanes.get(keyOf(task, requestFacts(document, source.recipe).model));
    if (full && full.items.length >= source.itemsMax) {
      full.documents += 1;
      return;
    }
    this.#count += 1;
    const claim = { partition: 0, offset: this.#count, att: 0 };
    const item = promptBlocks(requestParams(ask, source.recipe, claim), this.#heads);
    const lane = this.#laneOf(task, item.model, source);
    if (lane) {
      lane.documents += 1;
      if (lane.items.length < source.itemsMax) lane.items.push(item);
    } else this.others += 1;
  }

  /** @param at ms since the epoch */
  explain(lessons: CacheLessons, at: number): ExplainedLane[] {
    return [...this.#lanes.values()].map(({ task, model, documents, items, source }) => {
      const { policy, itemsMax } = source;
      const batch = { bk: 'explained', model, at, items, lessons, holdoutShare: 0, mode: 'on' } as const;
      const batches = Math.ceil(documents / itemsMax);
      return { task, model, documents, batches, batchItems: items.length, policy, why: planCache(batch).why };
    });
  }

  /** A plan is made for one model, whatever others a lane of provider-shaped documents has. */
  #laneOf(task: string | null, model: string, source: LaneSource): FirstBatch | null {
    const key = keyOf(task, model);
    const known = this.#lanes.get(key);
    if (known || this.#lanes.size >= lanesMax) return known ?? null;
    const lane: FirstBatch = { task, model, documents: 0, items: [], source };
    this.#lanes.set(key, lane);
    return lane;
  }
}

const keyOf = (task: string | null, model: string): string => JSON.stringify([task, model]);

interface FirstBatch {
  task: string | null;
  model: string;
  documents: number;
  items: PromptBlocks[];
  source: LaneSource;
}
