import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FlotillaError } from '#errors/flotilla-error.ts';

export const configFileNames = ['flotilla.config.ts', 'flotilla.config.js', 'flotilla.config.mjs'] as const;

/**
 * The configuration file for a directory: its own, else that of the nearest folder above it, or null.
 * @throws FlotillaError invalid-config when a file was named and is not there
 */
export function findConfigFile({ directory, configPath }: { directory: string; configPath?: string }): string | null {
  if (configPath !== undefined) {
    const path = resolve(directory, configPath);
    if (isFile(path)) return path;
    throw new FlotillaError('invalid-config', { where: path, why: 'there is no such file', fix: 'check --config' });
  }
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const found = configFileNames.map(name => join(folder, name)).find(isFile);
    if (found !== undefined) return found;
    if (dirname(folder) === folder) return null;
  }
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();
