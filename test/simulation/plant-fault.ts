import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { PlantedFault, SourceEdit } from './planted-faults.ts';

const root = new URL('../../', import.meta.url);

/**
 * From now on the product is loaded with this fault in it: a test build, made as its files are read. The product itself has
 * no switch for it. MUST be called before anything of the product is imported.
 * @throws Error when a passage to be changed is not there exactly once: the table has to follow the code
 */
export function plantFault({ edits }: Pick<PlantedFault, 'edits'>): void {
  const byUrl = Map.groupBy(edits, edit => new URL(edit.file, root).href);
  for (const edit of edits) requireOnce(readFileSync(new URL(edit.file, root), 'utf8'), edit);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const changes = byUrl.get(url);
      if (!changes) return loaded;
      let source = String(loaded.source instanceof Uint8Array ? Buffer.from(loaded.source) : loaded.source);
      for (const edit of changes) {
        requireOnce(source, edit);
        source = source.replace(edit.find, () => edit.replace);
      }
      return { ...loaded, source };
    },
  });
}

/** How often the passage stands in its file now; 1 is right. */
export const countPassages = (edit: SourceEdit): number =>
  occurrences(readFileSync(new URL(edit.file, root), 'utf8'), edit);

const occurrences = (source: string, { find }: SourceEdit): number => source.split(find).length - 1;

function requireOnce(source: string, edit: SourceEdit): void {
  const count = occurrences(source, edit);
  if (count !== 1) throw new Error(`${edit.file}: the passage to be changed is there ${count} times: ${edit.find}`);
}
