import { join } from 'node:path';
import type { Topic } from '#ports/log.ts';
import { openDatabase } from './open-database.ts';
import { SqliteLog } from './sqlite-log.ts';

const defaultPartitions = { documents: 1, results: 1, 'dead-letters': 1, journal: 1, settled: 4, recipes: 1 };

export interface OpenSqliteLogOptions {
  directory: string;
  /** Of a new file; one that exists keeps its own. Default 1 each, settled 4. */
  partitions?: Partial<Record<Topic, number>>;
  /** How many offsets to leave out before a record, for tests. Default none. */
  gaps?: () => number;
  now?: () => number;
  /** What the file may take; an append beyond it fails with `disk-full`. Default: what the disk has. */
  bytesMax?: number;
}

/**
 * Opens `<directory>/log.db`, and makes it if need be. Any number of processes on one machine may have it open; they
 * append, read and wait side by side.
 *
 * @throws FlotillaError log-unavailable | disk-full | log-newer
 */
export function openSqliteLog({
  directory,
  partitions,
  gaps,
  now = Date.now,
  bytesMax,
}: OpenSqliteLogOptions): SqliteLog {
  const path = join(directory, 'log.db');
  const db = openDatabase(path, { partitions: { ...defaultPartitions, ...partitions }, bytesMax: bytesMax ?? null });
  return new SqliteLog({ db, path, gaps: gaps ?? null, now });
}
