/** Why a file could not be read or written, without the names of system calls. */
export function fileFault(cause: unknown): string {
  const { code, message = String(cause) } = cause as NodeJS.ErrnoException;
  return (code === undefined ? undefined : faults[code]) ?? message;
}

const faults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'its permissions do not allow it',
  EPERM: 'its permissions do not allow it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
};
