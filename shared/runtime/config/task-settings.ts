import type { Config } from '#contracts/config.ts';
import type { LaneConfig, TaskConfig } from '#contracts/task-config.ts';
import type { CachePolicy } from '#core/cache-plan.ts';
import type { LaneSettings } from '#core/lane.ts';
import type { Recipe } from '#core/recipe.ts';

/** When a lane closes, in the words of the core. */
export type LaneBounds = Pick<LaneSettings, 'itemsMax' | 'ageMsMax' | 'bytesMax' | 'tokensMax'>;

type CacheConfig = Pick<Config['cache'], 'mode' | 'holdBack'>;

/** A task, ready to be routed to. */
export interface TaskSettings {
  name: string;
  recipe: Recipe;
  lane: LaneBounds;
  cache: CachePolicy;
}

export const toTaskSettings = (name: string, task: TaskConfig, cache: CacheConfig): TaskSettings => ({
  name,
  recipe: {
    v: 1,
    task: name,
    provider: task.provider,
    model: task.model,
    instructions: task.instructions ?? null,
    maxTokens: task.maxTokens,
    outputSchema: task.output ?? null,
    canary: task.canary,
    retry: { delaysMs: task.retry.delaysMs, jitter: task.retry.jitter },
  },
  lane: toLaneBounds(task.lane),
  cache: { mode: task.cache.mode ?? cache.mode, holdBack: task.cache.holdBack ?? cache.holdBack },
});

export const toCachePolicy = ({ mode, holdBack }: CacheConfig): CachePolicy => ({ mode, holdBack });

export const toLaneBounds = ({ items, ageMs, bytes, tokens }: LaneConfig): LaneBounds => ({
  itemsMax: items,
  ageMsMax: ageMs,
  bytesMax: bytes,
  tokensMax: tokens,
});
