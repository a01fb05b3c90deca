import { cacheTokensMin } from './cache-minimums.ts';
import type { PromptBlocks } from './prompt-positions.ts';

/**
 * What documents that may share a cache entry have in common: the longest prefix before their last block, which is the
 * document. Null when it is below the model's minimum: nothing is gained by keeping such documents together.
 */
export function siblingKey({ model, positions }: PromptBlocks): string | null {
  const before = positions.at(-2);
  const tokensMin = cacheTokensMin(model);
  return before && tokensMin !== null && before.tokens >= tokensMin ? before.hash : null;
}

/** Items a lane may hold that waits for siblings, in batches. */
export const pooledBatchesMax = 4;

/**
 * The next batch of a lane with several kinds of siblings: those of the first item, then others in the order of their first
 * items, as long as all of a kind fits. A kind that fills a batch alone goes before the others, which wait for nobody
 * longer by that.
 * @param items in the order in which they came
 * @param kindOf the sibling key of an item; null: it has none, and is a kind of its own
 */
export function nextOfSiblings<Item>(
  items: readonly Item[],
  { itemsMax, kindOf }: { itemsMax: number; kindOf: (item: Item) => string | null },
): Set<Item> {
  const kinds = [...Map.groupBy(items, item => kindOf(item) ?? item).values()];
  const full = kinds.find(kind => kind.length >= itemsMax);
  const chosen = new Set<Item>((full ?? kinds[0] ?? []).slice(0, itemsMax));
  if (full) return chosen;
  for (const kind of kinds.slice(1)) {
    if (chosen.size + kind.length <= itemsMax) for (const item of kind) chosen.add(item);
  }
  return chosen;
}
