import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenSqliteLogOptions, openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import type { SqliteLog } from '#adapters/sqlite/sqlite-log.ts';
import { describeLog } from './log.ts';
import type { LogFixture } from './log-fixture.ts';
import { gapSeed, randomGaps } from './log-random-gaps.ts';

/** Connections of one process share nothing but the file, as those of several do. */
async function makeSqliteLog(options: Pick<OpenSqliteLogOptions, 'gaps' | 'writer'>): Promise<LogFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-log-'));
  const logs: SqliteLog[] = [];
  return {
    async connect() {
      const log = openSqliteLog({ directory, ...options });
      logs.push(log);
      return log;
    },
    holdsOffsets: false,
    async close() {
      for (const log of logs) await log.close();
      await rm(directory, { recursive: true });
    },
  };
}

describeLog('SQLite', () => makeSqliteLog({}));
describeLog('SQLite, written by a thread', () => makeSqliteLog({ writer: 'thread' }));
describeLog(`SQLite, gaps of seed ${gapSeed}`, () => makeSqliteLog({ gaps: randomGaps(gapSeed) }));
