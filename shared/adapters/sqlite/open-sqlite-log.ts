import { join } from 'node:path';
import type { Topic } from '#ports/log.ts';
import { createInlineWriter } from './create-inline-writer.ts';
import { openDatabase } from './open-database.ts';
import { SqliteLog } from './sqlite-log.ts';
import { WriterThread } from './writer-thread.ts';

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
  /**
   * `inline` (default): whoever writes waits for the disk, and nobody else runs meanwhile; right for a command that writes
   * little. `thread`: a thread writes; right for an engine. It has the system's clock.
   */
  writer?: 'inline' | 'thread';
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
  writer = 'inline',
}: OpenSqliteLogOptions): SqliteLog {
  const path = join(directory, 'log.db');
  const settings = { path, bytesMax: bytesMax ?? null };
  const db = openDatabase(path, { partitions: { ...defaultPartitions, ...partitions }, bytesMax: settings.bytesMax });
  const groupWriter = writer === 'thread' ? new WriterThread(settings) : createInlineWriter(db, now);
  return new SqliteLog({ db, path, writer: groupWriter, gaps: gaps ?? null });
}
