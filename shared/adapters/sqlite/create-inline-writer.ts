import type { DatabaseSync } from 'node:sqlite';
import type { GroupWriter } from './log-write.ts';
import { LogWriter } from './log-writer.ts';

/** Writes on the connection that is read from, while this thread waits: right for a command that writes little. */
export function createInlineWriter(db: DatabaseSync, now: () => number): GroupWriter {
  const writer = new LogWriter(db, now);
  return {
    write: async group => writer.write(group),
    close: async () => {},
  };
}
