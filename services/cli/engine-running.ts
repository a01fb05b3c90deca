import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { acquireEngineLock } from '#adapters/sqlite/acquire-engine-lock.ts';

/** True while another process is the engine of a folder. Takes the lock for a moment when it is free. */
export function isEngineRunning(directory: string): boolean {
  if (!existsSync(join(directory, 'engine.lock'))) return false;
  const lock = acquireEngineLock(directory);
  lock?.release();
  return lock === null;
}
