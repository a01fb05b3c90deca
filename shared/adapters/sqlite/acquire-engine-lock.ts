import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toLogError } from './to-log-error.ts';

export interface EngineLock {
  /** Lets the next engine begin. */
  release(): void;
}

const sqliteBusy = 5;

/** A connection nobody refers to any more would be collected, and its lock freed with it. */
const heldConnections = new Set<DatabaseSync>();

/**
 * Makes this process the one engine of a directory, or returns null at once when there is one already.
 *
 * It is an open exclusive transaction on `engine.lock`, so the operating system frees it with the process, `kill -9`
 * included. Nothing else may open that file: closing any handle of it would free the lock (POSIX).
 *
 * @throws FlotillaError log-unavailable | disk-full
 */
export function acquireEngineLock(directory: string): EngineLock | null {
  const path = join(directory, 'engine.lock');
  let db: DatabaseSync | null = null;
  try {
    mkdirSync(directory, { recursive: true });
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
