import { join } from 'node:path';
import { acquireFileLock, type FileLock } from './acquire-file-lock.ts';

/** Held by the one engine of a directory; releasing it lets the next engine begin. */
export type EngineLock = FileLock;

/**
 * Makes this process the one engine of a directory, or returns null at once when there is one already. The operating
 * system frees the lock with the process, `kill -9` included.
 * @throws FlotillaError log-unavailable | disk-full
 */
export const acquireEngineLock = (directory: string): EngineLock | null =>
  acquireFileLock(join(directory, 'engine.lock'));
