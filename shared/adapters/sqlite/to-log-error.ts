import { FlotillaError } from '#errors/flotilla-error.ts';

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const sqliteBusy = 5;
const sqliteLocked = 6;
const sqliteIoError = 10;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteCantOpen = 14;
const sqliteNotADatabase = 26;

/** What SQLite or the file system said, as an error of ours. One of ours passes as it is. */
export function toLogError(error: unknown, path: string): FlotillaError {
  if (error instanceof FlotillaError) return error;
  const options = { where: path, cause: error };
  const { errcode, code, message } = error as { errcode?: number; code?: string; message?: string };
  if (code === 'ENOSPC' || code === 'EDQUOT') return new FlotillaError('disk-full', { ...options, isRetryable: true });
  switch (errcode === undefined ? undefined : errcode & 0xff) {
    case sqliteFull:
      return new FlotillaError('disk-full', { ...options, isRetryable: true });
    case sqliteBusy:
    case sqliteLocked:
      return new FlotillaError('log-unavailable', {
        ...options,
        why: 'another process has been writing to it for too long',
        fix: 'run the command again',
        isRetryable: true,
      });
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return new FlotillaError('log-unavailable', {
        ...options,
        why: 'the file is damaged, or is no log',
        fix: `restore ${path} from a copy, or move it away to begin with an empty log`,
      });
    case sqliteCantOpen:
      return new FlotillaError('log-unavailable', {
        ...options,
        why: 'the file could not be opened',
        fix: `check that ${path} can be written, and its folder too`,
      });
    case sqliteIoError:
      return new FlotillaError('log-unavailable', { ...options, why: 'the disk failed', isRetryable: true });
    default:
      return new FlotillaError('log-unavailable', { ...options, why: message ?? String(error) });
  }
}
