import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { type Hint, type Hints, hintBytesMax } from '#ports/hints.ts';

const suffix = '.json';

/**
 * Hints among the processes of one machine: a file each, with the time it ends at, put in place by a rename, so that no
 * reader sees half of one. What a killed process left ends by itself.
 */
export function openFolderHints(folder: string, { now = Date.now }: { now?: () => number } = {}): Hints {
  const pathOf = (name: string): string => join(folder, `${encodeURIComponent(name)}${suffix}`);
  return {
    async put(name, value, ttlMs) {
      const text = JSON.stringify({ name, value, endsAt: now() + ttlMs });
      if (Buffer.byteLength(text) > hintBytesMax) return;
      const path = pathOf(name);
      const draft = `${path}.${process.pid}`;
      await mkdir(folder, { recursive: true })
        .then(() => writeFile(draft, text))
        .then(() => rename(draft, path))
        .catch(() => {}); // a hint: it is put again, or missed
    },
    async list(prefix) {
      const files = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return [];
        throw new FlotillaError('queue-unavailable', { where: folder, why: cause.message, cause, isRetryable: true });
      });
      const found = await Promise.all(
        files.filter(file => file.endsWith(suffix)).map(file => readHint(join(folder, file), now())),
      );
      return found.flatMap(hint => hint ?? []).filter(({ name }) => name.startsWith(prefix));
    },
  };
}

/** @returns null for one that is over, which is then removed, and for what is none */
async function readHint(path: string, now: number): Promise<Hint | null> {
  try {
    const { name, value, endsAt } = JSON.parse(await readFile(path, 'utf8')) as Hint & { endsAt: number };
    if (endsAt > now) return { name, value };
    await rm(path, { force: true });
  } catch {
    // gone, or not ours
  }
  return null;
}
