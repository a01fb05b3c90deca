import { answerPolicyDefault } from '#core/answer-cache/answer-policy.ts';
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
    const known = spaces.get(space.task);
    const bounds = { ...space, policy: space.policy ?? known?.policy ?? answerPolicyDefault };
    if (known) {
      known.bound(bounds);
      return known;
    }
    const index = new BoundedIndex<AnswerPlace>(bounds);
    spaces.set(space.task, index);
    return index;
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
