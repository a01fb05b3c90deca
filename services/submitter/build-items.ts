import type { BuiltItem } from '#core/batch-requests.ts';
import { decodePayload, type KeptDocument } from '#core/payload.ts';
import { formatRid } from '#core/rid.ts';
import { type Batch, itemsToSend } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import { buildItem } from '#runtime/build-item.ts';
import { keptDocument, readRecords } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';

interface Ports {
  log: Log;
  payloads: PayloadStore;
  recipes: RecipeBook;
  clock: Clock;
}

/**
 * What a batch sends, from documents and recipe, as it is before its markers: the same whenever it is built.
 * @returns null when one of them is no document to this program, though it was to the one that sealed it
 */
export async function buildItems(batch: Batch, { log, payloads, recipes, clock }: Ports): Promise<BuiltItem[] | null> {
  const items = itemsToSend(batch);
  const recipe = await recipes.get(batch.recipe);
  const now = clock.now();
  const built = new Map<string, BuiltItem>();
  /** One at a time: what is parsed of a batch together is many times its bytes. */
  const build = (documents: ReadonlyMap<string, KeptDocument>): void => {
    for (const item of items) {
      const document = documents.get(formatRid(item));
      const made = document && buildItem(item, document, { recipe, now });
      if (made) built.set(formatRid(item), made);
    }
  };
  const payload = await payloads.get(batch.bk);
  build(new Map(((payload && decodePayload(payload)) ?? []).map(kept => [formatRid(kept), kept])));
  // What the store has lost, or spoilt: the log decides.
  const missing = items.filter(item => !built.has(formatRid(item)));
  if (missing.length > 0) {
    const records = await readRecords(log, missing);
    build(new Map([...records].map(([rid, record]) => [rid, keptDocument(record)])));
  }
  const all = items.flatMap(item => built.get(formatRid(item)) ?? []);
  return all.length === items.length ? all : null;
}
