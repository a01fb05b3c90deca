import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { fileFault } from '../input/file-fault.ts';

/**
 * A run is the hash of the file's bytes and the task, whatever its path: the same command again is the same run.
 * @returns `r_` and 12 hex characters
 * @throws FlotillaError input-unreadable
 */
export async function runIdOf(path: string, task: string | null): Promise<string> {
  const digest = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) digest.update(chunk as Buffer);
  } catch (cause) {
    throw new FlotillaError('input-unreadable', { where: path, why: fileFault(cause), cause });
  }
  return `r_${hash('sha256', `${digest.digest('hex')}\n${task ?? ''}`).slice(0, 12)}`;
}
