import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { projectionSchema, projectionVersion } from './schema.ts';

export interface ProjectionFile {
  db: DatabaseSync;
  path: string;
  /** True when nothing has been folded into it yet. */
  isNew: boolean;
}

/** SQLite's codes for a file that is not one, or is damaged. */
const damaged = new Set([11, 26]);
const busy = 5;
/** So many consoles may look at one state from one machine, each with a file of its own. */
const filesMax = 8;

/**
 * Opens the file for this process alone; while another process has it, the next of its name (`projection-2.db`). A file of
 * another version, or one that is damaged, is deleted and begun anew: the log has everything.
 *
 * @throws FlotillaError disk-full | log-unavailable
 */
export function openProjectionFile(path: string): ProjectionFile {
  for (let number = 1; number <= filesMax; number++) {
    const name = number === 1 ? path : path.replace(/(\.[^./]*)?$/, extension => `-${number}${extension}`);
    const file = tryOpen(name);
    if (file) return file;
  }
  throw new FlotillaError('log-unavailable', {
    where: path,
    why: `${filesMax} processes have a projection open beside it`,
    fix: 'stop one of them',
  });
}

/** @returns null while another process has it */
function tryOpen(path: string): ProjectionFile | null {
  try {
    return openFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === busy) return null;
    if (!damaged.has(code)) throw toProjectionError(error, path);
    deleteProjectionFile(path);
    return openFile(path);
  }
}

function openFile(path: string): ProjectionFile {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path);
  try {
    // Freed by the operating system on kill -9. Before the journal mode, so that no shared memory is needed.
    db.exec('PRAGMA locking_mode=EXCLUSIVE');
    db.exec('PRAGMA journal_mode=WAL');
    // A power cut may lose the last transactions, never half of one: they are folded again.
    db.exec('PRAGMA synchronous=NORMAL');
    db.exec('PRAGMA cache_size=-16384');
    db.exec('BEGIN EXCLUSIVE');
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    const isNew = version !== projectionVersion;
    if (isNew) createAnew(db);
    db.exec('COMMIT');
    return { db, path, isNew };
  } catch (error) {
    db.close();
    throw error;
  }
}

function createAnew(db: DatabaseSync): void {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  for (const { name } of tables) db.exec(`DROP TABLE "${name}"`);
  db.exec(projectionSchema);
  db.exec(`PRAGMA user_version=${projectionVersion}`);
}

/** Whoever has it open keeps what it has until it closes it. */
export function deleteProjectionFile(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

const errorCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? -1) & 0xff;

/** SQLite's word for what is wrong, as an error of ours. */
export function toProjectionError(cause: unknown, path: string): FlotillaError {
  if (cause instanceof FlotillaError) return cause;
  const isFull = errorCode(cause) === 13;
  const why = `the projection could not be written: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new FlotillaError(isFull ? 'disk-full' : 'log-unavailable', { where: path, why, cause, isRetryable: true });
}
