import type { Document } from '#core/document.ts';
import type { RequestGroup } from '#core/estimate/estimate.ts';
import { heldBackShare } from '#core/estimate/held-back-share.ts';
import type { PlannedSaving } from '#core/estimate/planned-saving.ts';
import { noSaving, plannedSaving, timesSaving } from '#core/estimate/planned-saving.ts';
import { batchBytesMax } from '#core/limits.ts';
import type { Money } from '#core/money.ts';
import type { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { marksMax } from '#core/prompt-cache/cache-minimums.ts';
import { CacheExplainer } from '../cache/explain-batches.ts';
import type { LaneSource } from '../cache/lane-source.ts';

/** One request of a file for which the planner is on. */
export interface PlannedRequest {
  /** What the estimate files it under. */
  group: string;
  model: string;
  bytes: number;
  /** Of a call that writes its prefix ahead; 0 where it is too short for a marker. */
  primeMax: Money;
}

interface Lane {
  itemsMax: number;
  documents: number;
  bytes: number;
  primeMax: Money;
}

/** What the planner of cache markers would do with a file: what it expects to save, and the most that its primes may cost. */
export class PlannedCache {
  readonly #explainer = new CacheExplainer();
  readonly #lanes = new Map<string, Lane>();
  /** By group. */
  readonly #laneOf = new Map<string, string>();

  add(document: Document, source: LaneSource, { group, model, bytes, primeMax }: PlannedRequest): void {
    this.#explainer.add(document, source);
    const key = laneKey(document.task, model);
    const lane = this.#lanes.get(key) ?? { itemsMax: source.itemsMax, documents: 0, bytes: 0, primeMax: 0 };
    lane.documents += 1;
    lane.bytes += bytes;
    lane.primeMax = Math.max(lane.primeMax, primeMax);
    this.#lanes.set(key, lane);
    this.#laneOf.set(group, key);
  }

  /**
   * By group, for all of its documents.
   * @param lessons what other batches have shown; before the first, what is documented of providers
   */
  savings(groups: readonly RequestGroup[], { lessons, at }: { lessons: CacheLessons; at: number }) {
    const each = new Map(
      this.#explainer
        .explain(lessons, at)
        .map(({ task, model, batchItems, why }) => [
          laneKey(task, model),
          timesSaving(plannedSaving(why), 1 / batchItems),
        ]),
    );
    const ofGroup = ({ name, documents, cache }: RequestGroup): PlannedSaving => {
      const lane = this.laneOf(name);
      if (!lane) return noSaving;
      const batches = Math.ceil(lane.documents / lane.itemsMax);
      const marked = documents * (1 - heldBackShare(batches, cache.holdBack));
      return timesSaving(each.get(lane.name) ?? noSaving, marked);
    };
    return new Map(groups.map(group => [group.name, ofGroup(group)]));
  }

  /** The lane of a group of requests; null: the planner is off for it. */
  laneOf(group: string): { name: string; itemsMax: number; documents: number } | null {
    const name = this.#laneOf.get(group);
    const lane = name === undefined ? undefined : this.#lanes.get(name);
    return name === undefined || !lane ? null : { name, itemsMax: lane.itemsMax, documents: lane.documents };
  }

  /** At most: a call for every marker that a batch may have, should all entries be over by then. */
  primesMax({ name, documents }: Pick<RequestGroup, 'name' | 'documents'>): Money {
    const lane = this.#lanes.get(this.#laneOf.get(name) ?? '');
    if (!lane) return 0;
    return Math.ceil((batchesMax(lane) * marksMax * lane.primeMax * documents) / lane.documents);
  }
}

/** A lane closes when it is full, and what closes it for its bytes is at least half full of them. */
const batchesMax = ({ documents, itemsMax, bytes }: Lane): number =>
  Math.min(documents, Math.ceil(documents / itemsMax) + Math.floor((2 * bytes) / batchBytesMax));

const laneKey = (task: string | null, model: string): string => JSON.stringify([task, model]);
