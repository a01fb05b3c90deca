import type { PayloadStore } from '#ports/payload-store.ts';
import { PayloadTable } from './payload-table.ts';
import type { SqliteLog } from './sqlite-log.ts';
import { toLogError } from './to-log-error.ts';

export interface SqlitePayloadStore extends PayloadStore {
  /** Deletes what was written longer ago: strays of crashes. */
  sweep(olderThanMs: number): Promise<void>;
}

/** Payloads this young are asked for within seconds and then deleted: most never need to be written. */
const memoryBytesDefault = 32 * 1024 * 1024;

/**
 * Payloads beside the log. The newest are held in memory; when they exceed `memoryBytesMax` the oldest move into the
 * file, in the transactions of the log. Dying loses what was in memory, which is built again from the documents, and
 * may leave a stray in the file, which `sweep` takes. A payload MUST NOT be changed after its put. Closed with the log.
 */
export function openSqlitePayloadStore(
  log: SqliteLog,
  { memoryBytesMax = memoryBytesDefault }: { memoryBytesMax?: number } = {},
): SqlitePayloadStore {
  const file = createPayloadFile(log);
  const held = new Map<string, Uint8Array>();
  let heldBytes = 0;
  const drop = (bk: string): Uint8Array | undefined => {
    const payload = held.get(bk);
    if (payload === undefined) return undefined;
    held.delete(bk);
    heldBytes -= payload.byteLength;
    return payload;
  };
  return {
    async put(bk, payload) {
      drop(bk);
      file.forget(bk);
      held.set(bk, payload);
      heldBytes += payload.byteLength;
      const spilled: Promise<void>[] = [];
      for (const oldest of held.keys()) {
        if (heldBytes <= memoryBytesMax) break;
        spilled.push(file.write(oldest, drop(oldest) as Uint8Array));
      }
      await Promise.all(spilled);
    },
    get: async bk => held.get(bk) ?? file.read(bk),
    async delete(bk) {
      if (drop(bk) === undefined) file.delete(bk);
    },
    sweep: olderThanMs => file.sweep(olderThanMs),
  };
}

/** The payloads table. A delete is written with the next write of the log: it needs no fsync of its own. */
function createPayloadFile({ db, groupCommit, now, path }: SqliteLog) {
  const table = new PayloadTable(db);
  /** Not yet deleted in the file, but not to be seen any more. */
  const deleted = new Set<string>();
  return {
    forget: (bk: string): void => void deleted.delete(bk),
    async write(bk: string, payload: Uint8Array): Promise<void> {
      await groupCommit.write({ is: 'put-payload', bk, payload }, { sizeBytes: payload.byteLength });
    },
    read(bk: string): Uint8Array | null {
      if (deleted.has(bk)) return null;
      try {
        return table.read(bk);
      } catch (error) {
        throw toLogError(error, path);
      }
    },
    delete(bk: string): void {
      if (deleted.has(bk)) return;
      deleted.add(bk);
      groupCommit.writeLazily({ is: 'delete-payload', bk }, { committed: () => void deleted.delete(bk) });
    },
    async sweep(olderThanMs: number): Promise<void> {
      await groupCommit.write({ is: 'sweep-payloads', before: now() - olderThanMs });
    },
  };
}
