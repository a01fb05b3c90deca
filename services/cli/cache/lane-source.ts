import type { Document } from '#core/document.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';

/** What the configuration says of the lane that a document goes to. */
export interface LaneSource {
  recipe: Recipe;
  itemsMax: number;
  policy: CachePolicy;
}

export function laneSourceOf({ ask, task }: Document, settings: LoadedConfig): LaneSource {
  const known = ask.shape === 'as-is' || task === null ? undefined : settings.tasks.get(task);
  const { recipe, lane, cache } = known ?? { recipe: asIsRecipe, lane: settings.lane, cache: settings.cache };
  return { recipe, itemsMax: lane.itemsMax, policy: cache };
}
