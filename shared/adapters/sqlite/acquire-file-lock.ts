import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toLogError } from './to-log-error.ts';

export interface FileLock {
  /** Lets the next one begin. May be called twice. */
  release(): void;
}

const sqliteBusy = 5;

/** A connection nobody refers to any more would be collected, and its lock freed with it. */
const heldConnections = new Set<DatabaseSync>();

/**
 * Takes the lock that a file stands for, or returns null at once when somebody has it, this process included.
 *
 * It is an open exclusive transaction on that file, so the operating system frees it with the process, `kill -9`
 * included. Nothing else may open the file: closing any handle of it would free the lock (POSIX).
 *
 * @throws FlotillaError log-unavailable | disk-full
 */
export function acquireFileLock(path: string): FileLock | null {
  let db: DatabaseSync | null = null;
  try {
    mkdirSync(dirname(path), { recursive: true });
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (isBusy(error)) return null;
    throw toLogError(error, path);
  }
  const held = db;
  heldConnections.add(held);
  return {
    release() {
      if (heldConnections.delete(held)) held.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === sqliteBusy;
}
