import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import type { SqliteLog } from '#adapters/sqlite/sqlite-log.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';

/** The log of a state folder, beside whatever engine may be running on it. */
export interface OpenState {
  directory: string;
  isSimulated: boolean;
  log: SqliteLog;
  close(): Promise<void>;
}

/** Simulated state lies in a folder of its own, so that a real key never meets it (C26). */
export const stateFolderOf = ({ account, stateDirectory }: LoadedConfig): string =>
  account === null ? join(stateDirectory, 'simulated') : stateDirectory;

/** @throws FlotillaError not-found when nothing was ever run there */
export function openState(settings: LoadedConfig): OpenState {
  const directory = stateFolderOf(settings);
  if (!existsSync(join(directory, 'log.db'))) {
    const why = settings.account === null ? 'nothing was run there yet (without a key)' : 'nothing was run there yet';
    throw new FlotillaError('not-found', { where: directory, why, fix: 'flotilla run FILE, or give --state' });
  }
  const log = openSqliteLog({ directory });
  return { directory, isSimulated: settings.account === null, log, close: () => log.close() };
}
