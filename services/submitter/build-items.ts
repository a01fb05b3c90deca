import type { BuiltItem } from '#core/batch-requests.ts';
import { decodePayload } from '#core/payload.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import { type Batch, itemsToSend } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import { buildItem } from '#runtime/build-item.ts';
import { type ReadDocument, readDocument, readDocuments } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import { anyTask } from '#runtime/routing.ts';

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
export async function buildItems(batch: Batch, ports: Ports): Promise<BuiltItem[] | null> {
  const items = itemsToSend(batch);
  const documents = await documentsOf(batch.bk, items, ports);
  const recipe = await ports.recipes.get(batch.recipe);
  const now = ports.clock.now();
  const built = items.flatMap(item => {
    return buildItem(item, documents.get(formatRid(item)) as ReadDocument, { recipe, now }) ?? [];
  });
  return built.length === items.length ? built : null;
}

/** From the batch's payload, and what is not in it from the log. */
async function documentsOf(
  bk: string,
  rids: readonly Rid[],
  { log, payloads }: Ports,
): Promise<Map<string, ReadDocument>> {
  const payload = await payloads.get(bk);
  const kept = (payload && decodePayload(payload)) ?? [];
  // Nothing that a document says is in its record's key.
  const read = new Map(kept.map(record => [formatRid(record), readDocument({ ...record, key: null }, anyTask)]));
  const missing = rids.filter(rid => !read.has(formatRid(rid)));
  if (missing.length === 0) return read;
  return new Map([...read, ...(await readDocuments(log, missing, anyTask))]);
}
