import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { answerPolicyDefault } from '#core/answer-cache/answer-policy.ts';
import { BoundedIndex } from '#core/answer-cache/bounded-index.ts';
import type { AnswerCounts, AnswerPlace, AnswerSpace, AnswerStore } from '#ports/answer-store.ts';
import { noAnswerCounts } from '#ports/answer-store.ts';
import { AnswerTable } from './answer-table.ts';
import { toLogError } from './to-log-error.ts';

export interface SqliteAnswerStore extends AnswerStore {
  close(): void;
}

/** Beside the log, in a file of its own: it may be deleted whenever nothing runs. */
export const answersFile = 'answers.db';

/**
 * Places of answers for one machine: held in memory by the engine, and written behind it without fsync, so that the next
 * engine knows them too. What cannot be written is forgotten by the next start; what cannot be read was never there.
 *
 * @param options.now ms since the epoch
 */
export function openSqliteAnswerStore(options: { directory: string; now: () => number }): SqliteAnswerStore {
  const { directory, now } = options;
  const path = join(directory, answersFile);
  const table = openTable(path);
  const indices = new Map<string, BoundedIndex<AnswerPlace>>();
  const attempt = (act: (table: AnswerTable) => void): void => {
    try {
      if (table) act(table);
    } catch {
      // a cache: the disk may be full
    }
  };
  const indexOf = (space: AnswerSpace): BoundedIndex<AnswerPlace> => {
    const known = indices.get(space.task);
    const bounds = { ...space, policy: space.policy ?? known?.policy ?? answerPolicyDefault };
    if (known) {
      const gone = known.bound(bounds);
      if (gone.length > 0) attempt(file => file.write(space.task, { entries: [], gone, at: now() }));
      return known;
    }
    const index = new BoundedIndex<AnswerPlace>(bounds);
    attempt(file => {
      file.deleteBefore(space.task, now() - space.ttlMs);
      for (const { key, place, at } of file.read(space.task)) {
        const gone = index.put(key, place, at);
        if (gone.length > 0) file.write(space.task, { entries: [], gone, at });
      }
    });
    indices.set(space.task, index);
    return index;
  };
  return {
    async find(space, keys, { isUse }) {
      const index = indexOf(space);
      return keys.map(key => index.get(key, { now: now(), isUse }));
    },
    async put(space, entries) {
      const index = indexOf(space);
      const at = now();
      const gone = entries.flatMap(({ key, place }) => index.put(key, place, at));
      attempt(file => file.write(space.task, { entries, gone, at }));
    },
    async count(task, counts) {
      attempt(file => file.count(task, counts));
    },
    async stats(task) {
      try {
        return { ...noAnswerCounts, ...(table?.counts(task) as Partial<AnswerCounts>), size: table?.size(task) ?? 0 };
      } catch (error) {
        throw toLogError(error, path);
      }
    },
    close() {
      attempt(file => file.close());
    },
  };
}

/** Null where the file cannot be used: then nothing outlives this process. */
function openTable(path: string): AnswerTable | null {
  try {
    return new AnswerTable(new DatabaseSync(path, { timeout: 1_000 }));
  } catch {
    return null;
  }
}
