import { BoundedIndex } from '#core/answer-cache/bounded-index.ts';
import {
  type AnswerCounts,
  type AnswerPlace,
  type AnswerSpace,
  type AnswerStore,
  noAnswerCounts,
} from '#ports/answer-store.ts';

/** Places of answers in the memory of this process. @param options.now ms since the epoch */
export function createMemoryAnswerStore({ now }: { now: () => number }): AnswerStore {
  const spaces = new Map<string, BoundedIndex<AnswerPlace>>();
  const counts = new Map<string, AnswerCounts>();
  const indexOf = (space: AnswerSpace): BoundedIndex<AnswerPlace> => {
    let known = spaces.get(space.task);
    if (known) known.bound(space);
    else {
      known = new BoundedIndex(space);
      spaces.set(space.task, known);
    }
    return known;
  };
  return {
    async find(space, keys, { isUse }) {
      const index = indexOf(space);
      return keys.map(key => index.get(key, { now: now(), isUse }));
    },
    async put(space, entries) {
      const index = indexOf(space);
      for (const { key, place } of entries) index.put(key, place, now());
    },
    async count(task, delta) {
      counts.set(task, addCounts(counts.get(task) ?? noAnswerCounts, delta));
    },
    async stats(task) {
      return { ...(counts.get(task) ?? noAnswerCounts), size: spaces.get(task)?.size ?? 0 };
    },
  };
}

function addCounts(counts: AnswerCounts, delta: Partial<AnswerCounts>): AnswerCounts {
  const sum = { ...counts };
  for (const [name, by] of Object.entries(delta)) sum[name as keyof AnswerCounts] += by;
  return sum;
}
