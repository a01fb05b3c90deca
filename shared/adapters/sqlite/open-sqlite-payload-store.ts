import type { PayloadStore } from '#ports/payload-store.ts';
import type { SqliteLog } from './sqlite-log.ts';
import { toLogError } from './to-log-error.ts';

export interface SqlitePayloadStore extends PayloadStore {
  /** Deletes what was put longer ago: strays of crashes. */
  sweep(olderThanMs: number): Promise<void>;
}

/**
 * Payloads beside the log, in its file and its transactions: a put shares the fsync of the appends of the same turn.
 * A delete is written with the next write; dying before that leaves a stray, which `sweep` takes. A payload
 * MUST NOT be changed before its put has resolved. Closed with the log.
 */
export function openSqlitePayloadStore(log: SqliteLog): SqlitePayloadStore {
  const { db, groupCommit, now, path } = log;
  const upsert = db.prepare('INSERT OR REPLACE INTO payloads (bk, at, payload) VALUES (?, ?, ?)');
  const select = db.prepare('SELECT payload FROM payloads WHERE bk = ?');
  const remove = db.prepare('DELETE FROM payloads WHERE bk = ?');
  const removeOld = db.prepare('DELETE FROM payloads WHERE at < ?');
  /** Not yet deleted in the file, but not to be seen any more. */
  const deleted = new Set<string>();
  return {
    async put(bk, payload) {
      const run = (): void => {
        upsert.run(bk, now(), payload);
      };
      deleted.delete(bk);
      await groupCommit.write({ run, sizeBytes: payload.byteLength });
    },
    async get(bk) {
      if (deleted.has(bk)) return null;
      try {
        const row = select.get(bk) as { payload: Uint8Array } | undefined;
        return row?.payload ?? null;
      } catch (error) {
        throw toLogError(error, path);
      }
    },
    async delete(bk) {
      if (deleted.has(bk)) return;
      deleted.add(bk);
      groupCommit.writeLazily(() => {
        if (deleted.delete(bk)) remove.run(bk);
      });
    },
    async sweep(olderThanMs) {
      await groupCommit.write({
        run: () => {
          removeOld.run(now() - olderThanMs);
        },
      });
    },
  };
}
