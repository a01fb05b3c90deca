import type { PayloadItem } from '#core/payload.ts';
import { formatRid } from '#core/rid.ts';
import { type Batch, itemsToSend } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import { type ReadDocument, readDocuments } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import { anyTask } from '#runtime/routing.ts';
import { toPayloadItem } from '#runtime/to-payload-item.ts';

/** What a batch sends, from documents and recipe, as it was before its markers: the same whenever it is built. */
export async function rebuildItems(
  batch: Batch,
  { log, recipes, clock }: { log: Log; recipes: RecipeBook; clock: Clock },
): Promise<PayloadItem[]> {
  const items = itemsToSend(batch);
  const found = await readDocuments(log, items, anyTask);
  const recipe = await recipes.get(batch.recipe);
  return items.map(item => {
    const built = toPayloadItem(item, found.get(formatRid(item)) as ReadDocument, { recipe, now: clock.now() });
    if (built === null) throw new Error(`a sealed document is a reject: ${formatRid(item)}`);
    return built;
  });
}
