import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import { openSqlitePayloadStore } from '#adapters/sqlite/open-sqlite-payload-store.ts';
import { describePayloadStore } from './payload-store.ts';

describePayloadStore('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-payloads-'));
  const log = openSqliteLog({ directory });
  return {
    store: openSqlitePayloadStore(log),
    async close() {
      await log.close();
      await rm(directory, { recursive: true });
    },
  };
});
