import { pathToFileURL } from 'node:url';
import { FlotillaError } from '#errors/flotilla-error.ts';

/**
 * What a configuration file exports by default, unchecked. It is a program and runs here, with its types stripped.
 * @throws FlotillaError invalid-config when it throws or has no such export
 */
export async function readConfigFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (cause) {
    const why = `the file could not be run: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new FlotillaError('invalid-config', { where: path, why, cause });
  }
  const { default: exported } = loaded;
  if (exported !== null && typeof exported === 'object' && !Array.isArray(exported)) {
    return exported as Readonly<Record<string, unknown>>;
  }
  const why = 'the file has no default export that is an object';
  throw new FlotillaError('invalid-config', { where: path, why, fix: 'write `export default { version: 1 }`' });
}
