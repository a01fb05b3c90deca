import { mkdirSync } from 'node:fs';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { fileFault } from './input/file-fault.ts';

/** @throws FlotillaError invalid-config when it cannot be made where it was wanted */
export function makeStateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new FlotillaError('invalid-config', {
      where: path,
      why: `the state folder cannot be made: ${fileFault(cause)}`,
      fix: 'name another folder with --state, FLOTILLA_STATE or state in flotilla.config.ts',
      cause,
    });
  }
}
