import { createMemoryAnswerStore } from '#adapters/memory/create-memory-answer-store.ts';
import { describeAnswerStore } from './answer-store.ts';

describeAnswerStore('memory', async () => {
  let now = 1_000_000;
  return {
    store: createMemoryAnswerStore({ now: () => now }),
    async pass(ms) {
      now += ms;
    },
    async close() {},
  };
});
