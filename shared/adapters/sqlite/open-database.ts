import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { type Topic, topics } from '#ports/log.ts';
import { toLogError } from './to-log-error.ts';

/** 1 had a table of payloads, which the log beside it has all of. */
const schemaVersion = 2;
const busyTimeoutMs = 10_000;
/** Rows of tens of kilobytes: larger pages make shorter chains. */
const pageBytes = 8192;
/** 32 MiB of WAL between checkpoints: pages written often are then copied into the file once. */
const checkpointPages = 4096;

/**
 * Opens the file of a log, and makes it if need be. Several processes may do so at the same time.
 *
 * @param options.partitions of a new file; null: it has been made already
 * @throws FlotillaError log-unavailable | disk-full | log-newer
 */
export function openDatabase(
  path: string,
  { partitions, bytesMax }: { partitions: Record<Topic, number> | null; bytesMax: number | null },
): DatabaseSync {
  let db: DatabaseSync | null = null;
  try {
    mkdirSync(dirname(path), { recursive: true });
    db = new DatabaseSync(path, { timeout: busyTimeoutMs });
    checkVersion(db, path);
    db.exec(`PRAGMA page_size=${pageBytes}`);
    db.exec('PRAGMA journal_mode=WAL');
    db.exec('PRAGMA synchronous=FULL');
    db.exec(`PRAGMA wal_autocheckpoint=${checkpointPages}`);
    db.exec(`PRAGMA journal_size_limit=${checkpointPages * pageBytes * 2}`);
    db.exec('PRAGMA cache_size=-8192');
    if (partitions !== null) createSchema(db, path, partitions);
    if (bytesMax !== null) db.exec(`PRAGMA max_page_count=${Math.floor(bytesMax / pageBytes)}`);
    return db;
  } catch (error) {
    db?.close();
    throw toLogError(error, path);
  }
}

/** Before anything is changed: a newer version may keep its file in another way. */
function checkVersion(db: DatabaseSync, path: string): number {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version <= schemaVersion) return version;
  throw new FlotillaError('log-newer', {
    where: path,
    why: `the file has version ${version}, this program knows ${schemaVersion}`,
  });
}

/** One transaction: dying in it leaves an empty file, which the next to open it fills. */
function createSchema(db: DatabaseSync, path: string, partitions: Record<Topic, number>): void {
  if (checkVersion(db, path) === schemaVersion) return;
  db.exec('BEGIN IMMEDIATE');
  const found = checkVersion(db, path);
  if (found > 0) {
    db.exec('DROP TABLE IF EXISTS payloads');
    db.exec(`PRAGMA user_version=${schemaVersion}`);
    db.exec('COMMIT');
    return;
  }
  db.exec(`
    CREATE TABLE topics (topic TEXT PRIMARY KEY, partitions INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE fences (shard INTEGER PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
    CREATE TABLE positions (
      consumer TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
      offset INTEGER NOT NULL, metadata TEXT,
      PRIMARY KEY (consumer, topic, partition)
    ) STRICT, WITHOUT ROWID;
  `);
  const insert = db.prepare('INSERT INTO topics (topic, partitions) VALUES (?, ?)');
  for (const topic of topics) {
    insert.run(topic, partitions[topic]);
    for (let partition = 0; partition < partitions[topic]; partition++) {
      db.exec(`CREATE TABLE ${batchTable(topic, partition)} (
        base INTEGER PRIMARY KEY, next INTEGER NOT NULL, at INTEGER NOT NULL, batch BLOB NOT NULL
      ) STRICT`);
    }
  }
  db.exec(`PRAGMA user_version=${schemaVersion}`);
  db.exec('COMMIT');
}

/** A partition's rows: base is the offset of the first record, next the one after the last. */
export const batchTable = (topic: Topic, partition: number): string => `"${topic}/${partition}"`;

/** How many partitions each topic got when the file was made. */
export function readPartitionCounts(db: DatabaseSync): Map<Topic, number> {
  const rows = db.prepare('SELECT topic, partitions FROM topics').all() as { topic: Topic; partitions: number }[];
  return new Map(rows.map(({ topic, partitions }) => [topic, partitions]));
}
