import { createMemoryAnswerStore } from '#adapters/memory/create-memory-answer-store.ts';
import type { AnswerPlace, AnswerStore } from '#ports/answer-store.ts';
import type { World } from './world.ts';

/** A cache of places that forgets, and now and then leads to another document's answer: whoever follows it has to look. */
export function createFaultyAnswers(world: World): AnswerStore {
  const inner = createMemoryAnswerStore({ now: () => world.time.now });
  const places: AnswerPlace[] = [];
  return {
    async find(space, keys, options) {
      const found = await inner.find(space, keys, options);
      return found.map(place => {
        if (world.fault(0.05, 'place of an answer lost')) return null;
        if (places.length > 0 && world.fault(0.05, 'place of another answer')) return world.random.pick(places);
        return place;
      });
    },
    async put(space, entries) {
      for (const { place } of entries) places.push(place);
      if (!world.fault(0.1, 'places not kept')) await inner.put(space, entries);
    },
    count: (task, counts) => inner.count(task, counts),
    stats: task => inner.stats(task),
  };
}
