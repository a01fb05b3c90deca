import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigInput } from '#contracts/config.ts';

/** Writes a `flotilla.config.ts` into a folder: with it, the folder is a project of its own. */
export function writeConfig(folder: string, config: Omit<ConfigInput, 'version'>): void {
  const text = JSON.stringify({ version: 1, ...config }, null, 2);
  writeFileSync(join(folder, 'flotilla.config.ts'), `export default ${text};\n`);
}
