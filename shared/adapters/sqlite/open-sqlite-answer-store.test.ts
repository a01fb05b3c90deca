import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { AnswerEntry, AnswerSpace } from '#ports/answer-store.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { answersFile, openSqliteAnswerStore } from './open-sqlite-answer-store.ts';

const space: AnswerSpace = { task: 't', ttlMs: 1_000, entriesMax: 10, policy: 'lru-10' };
const entry = (key: string): AnswerEntry => ({
  key,
  place: { rid: { partition: 0, offset: 1 }, partition: 0, from: 2 },
});
const isUse = { isUse: true };

describe('openSqliteAnswerStore', () => {
  it('knows after a restart what was put, with its age and within its bound', async t => {
    const { path: directory, remove } = makeTemporaryFolder('answers');
    t.after(remove);
    const first = openSqliteAnswerStore({ directory, now: () => 0 });
    await first.put(space, [entry('old')]);
    first.close();
    const second = openSqliteAnswerStore({ directory, now: () => 600 });
    await second.put(
      space,
      Array.from({ length: 15 }, (_, index) => entry(`k${index}`)),
    );
    assert.equal((await second.stats('t')).size <= 10, true);
    await second.count('t', { hits: 2 });
    second.close();
    const third = openSqliteAnswerStore({ directory, now: () => 1_100 });
    assert.deepEqual(await third.find(space, ['old', 'k14'], isUse), [null, entry('k14').place]);
    assert.equal((await third.stats('t')).hits, 2);
    third.close();
  });

  it('is a cache in memory where its file cannot be used', async t => {
    const { path: directory, remove } = makeTemporaryFolder('answers');
    t.after(remove);
    await writeFile(join(directory, answersFile), 'this is no database, and long enough to look like one '.repeat(100));
    const store = openSqliteAnswerStore({ directory, now: () => 0 });
    await store.put(space, [entry('k')]);
    assert.deepEqual(await store.find(space, ['k'], isUse), [entry('k').place]);
    store.close();
  });
});
