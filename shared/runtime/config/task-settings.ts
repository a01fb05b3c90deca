import type { Config } from '#contracts/config.ts';
import type { LaneConfig, TaskConfig } from '#contracts/task-config.ts';
import type { LaneSettings } from '#core/lane.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import type { Recipe } from '#core/recipe.ts';
import type { AnswerSettings } from '../answer-cache.ts';

/** When a lane closes, in the words of the core. */
export type LaneBounds = Pick<LaneSettings, 'itemsMax' | 'ageMsMax' | 'bytesMax' | 'tokensMax'>;

type CacheConfig = Pick<Config['cache'], 'mode' | 'holdBack'>;

/** A task, ready to be routed to. */
export interface TaskSettings {
  name: string;
  recipe: Recipe;
  lane: LaneBounds;
  /** Null: each document is bought. */
  answers: AnswerSettings | null;
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
    ...(task.maxTokensMax === undefined ? {} : { maxTokensMax: task.maxTokensMax }),
    retry: { delaysMs: task.retry.delaysMs, jitter: task.retry.jitter },
    ...(task.answers.cache ? { reusable: true as const } : {}),
  },
  lane: toLaneBounds(task.lane),
  answers: task.answers.cache ? { ttlMs: task.answers.ttlMs, entriesMax: task.answers.entriesMax } : null,
  cache: { mode: task.cache.mode ?? cache.mode, holdBack: task.cache.holdBack ?? cache.holdBack },
});

export const toCachePolicy = ({ mode, holdBack }: CacheConfig): CachePolicy => ({ mode, holdBack });

export const toLaneBounds = ({ items, ageMs, bytes, tokens }: LaneConfig): LaneBounds => ({
  itemsMax: items,
  ageMsMax: ageMs,
  bytesMax: bytes,
  tokensMax: tokens,
});
