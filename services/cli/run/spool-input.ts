import { createHash } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeStateFolder } from '../make-state-folder.ts';

/**
 * Where the input can be read as often as need be: the file itself, or a copy of standard input named by its content, so
 * that the same input piped again is the same run.
 */
export async function spoolInput(
  file: string,
  { directory, stateDirectory }: { directory: string; stateDirectory: string },
): Promise<string> {
  if (file !== '-') return resolve(directory, file);
  const folder = join(stateDirectory, 'inputs');
  makeStateFolder(folder);
  const partial = join(folder, `stdin.${process.pid}.partial`);
  const copy = await open(partial, 'w');
  const digest = createHash('sha256');
  try {
    for await (const chunk of process.stdin) {
      digest.update(chunk as Buffer);
      await copy.writeFile(chunk as Buffer);
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
  const path = join(folder, `${digest.digest('hex').slice(0, 16)}.jsonl`);
  await rename(partial, path);
  return path;
}
