import { batchRequests } from '#core/batch-requests.ts';
import { type ParkedFigures, parkedFigures, type WaitingBatch } from '#core/caps/cap-parked.ts';
import { reserveOfBatch } from '#core/caps/cap-reserve.ts';
import { formatRid } from '#core/rid.ts';
import { type Batch, isUnsent, itemsToSend, type View } from '#core/view.ts';
import type { Log } from '#ports/log.ts';
import { buildItem } from './build-item.ts';
import { findRecords, keptDocument } from './document-reader.ts';
import { RecipeBook } from './recipe-book.ts';

/** What caps hold back, and waiting batches beyond the oldest, which were not looked at. */
export interface Parked {
  held: ParkedFigures[];
  unread: number;
}

/** The oldest ones: to know what a batch would reserve its documents are read. */
const batchesRead = 200;

/**
 * Which batches a cap holds back now, read from the log alone: whoever parks them may be in another process, or gone. Their
 * reserve is worked out as the submitter does.
 * @param options.among batches that are asked about; absent: all
 */
export async function parkedBatches(
  log: Log,
  view: Pick<View, 'caps' | 'used' | 'batches' | 'primes'>,
  { now, among = [...view.batches.values()] }: { now: number; among?: readonly Batch[] },
): Promise<Parked> {
  if (view.caps.size === 0) return { held: [], unread: 0 };
  const recipes = new RecipeBook(log);
  const waiting: WaitingBatch[] = [];
  const unsent = among.filter(batch => isUnsent(batch) && !batch.settled);
  for (const batch of unsent.slice(0, batchesRead)) {
    const found = await waitingBatch(batch, { log, recipes, now });
    if (found) waiting.push(found);
  }
  return { held: parkedFigures(view, waiting, now), unread: Math.max(0, unsent.length - batchesRead) };
}

/** @returns null for one whose documents or recipe are gone: nothing can be said of it */
async function waitingBatch(
  batch: Batch,
  { log, recipes, now }: { log: Log; recipes: RecipeBook; now: number },
): Promise<WaitingBatch | null> {
  const items = itemsToSend(batch);
  const recipe = await recipes.get(batch.recipe).catch(() => null);
  if (recipe === null) return null;
  const records = await findRecords(log, items);
  const built = items.flatMap(item => {
    const record = records.get(formatRid(item));
    return (record && buildItem(item, keptDocument(record), { recipe, now })) ?? [];
  });
  if (built.length < items.length) return null;
  const reserve = reserveOfBatch(batch, { task: recipe.task, requests: batchRequests(built) });
  return { reserve, documents: items.length };
}
