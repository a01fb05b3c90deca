import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteAnswerStore } from '#adapters/sqlite/open-sqlite-answer-store.ts';
import { describeAnswerStore } from './answer-store.ts';

describeAnswerStore('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-answers-'));
  let now = 1_000_000;
  const store = openSqliteAnswerStore({ directory, now: () => now });
  return {
    store,
    async pass(ms) {
      now += ms;
    },
    async close() {
      store.close();
      await rm(directory, { recursive: true });
    },
  };
});
