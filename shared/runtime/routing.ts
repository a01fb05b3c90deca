import type { DocumentContext } from '#contracts/parse-document.ts';
import type { WorstCostRequest } from '#core/caps/cap-worst-case.ts';
import type { Ask, Document } from '#core/document.ts';
import { isPlainText } from '#core/estimate/is-plain-text.ts';
import type { LaneSettings } from '#core/lane.ts';
import { batchBytesMax, batchItemsDefault, batchTokensMax, laneAgeMsDefault } from '#core/limits.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import { maxTokensOf } from '#core/raise-max-tokens.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';

export type LaneBounds = Pick<LaneSettings, 'itemsMax' | 'ageMsMax' | 'bytesMax' | 'tokensMax'>;

export interface TaskRoute {
  account: string;
  recipe: Recipe;
  lane: LaneBounds;
  /** Absent: off. */
  cache?: CachePolicy;
}

/** Which account, recipe and lane bounds a document gets: the configuration as the services see it. */
export interface Routing {
  documents: DocumentContext;
  rejectLane: LaneSettings;
  routeOf(document: Document): TaskRoute;
}

export const laneBoundsDefault: LaneBounds = {
  itemsMax: batchItemsDefault,
  ageMsMax: laneAgeMsDefault,
  bytesMax: batchBytesMax,
  tokensMax: batchTokensMax,
};

const rejects = { key: 'reject', type: 'reject', account: '', recipe: '', cache: null } as const;
/** Rejects cost nothing and wait for nobody. */
const rejectAgeMs = 1_000;

/** @param options.asIs where provider-shaped documents go, or null when no account is configured for them */
export function createRouting(options: {
  tasks: ReadonlyMap<string, TaskRoute>;
  asIs: Omit<TaskRoute, 'recipe'> | null;
}): Routing {
  const { tasks, asIs } = options;
  const asIsRoute = asIs && { ...asIs, recipe: asIsRecipe };
  return {
    documents: { tasks: { has: name => tasks.has(name), keys: () => tasks.keys() }, hasAnthropic: asIs !== null },
    rejectLane: { ...laneBoundsDefault, ...rejects, ageMsMax: rejectAgeMs },
    routeOf({ ask, task }) {
      if (ask.shape === 'as-is' && asIsRoute) return asIsRoute;
      const route = task === null ? undefined : tasks.get(task);
      if (route) return route;
      // The task of a document that was accepted earlier is gone from the configuration; its recipe may still be known.
      throw new FlotillaError('unknown-task', {
        where: `task ${task}`,
        fix: 'put the task back until its documents are answered',
      });
    },
  };
}

/** No model answers more; a larger wish is refused, and must not drown the sums of a ledger before that. */
const answerTokensMax = 10_000_000;

export type RequestFacts = Pick<WorstCostRequest, 'model' | 'maxTokens'> & { isText: boolean };

/** What a request asks for, in the terms an estimate needs. */
export function requestFacts({ ask }: Document, recipe: Recipe): RequestFacts {
  const maxTokens = maxTokensOf(ask, recipe) ?? 0;
  const [model, isText] = [modelOf(ask, recipe), isPlainText(ask)];
  return { model, maxTokens: ask.shape === 'as-is' ? Math.min(maxTokens, answerTokensMax) : maxTokens, isText };
}

/** That is asked for; empty where none is named. */
export function modelOf(ask: Ask, recipe: Recipe): string {
  const model = ask.shape === 'as-is' ? ask.params.model : recipe.model;
  return typeof model === 'string' ? model : '';
}

/**
 * For documents that are sealed already: they were judged by the configuration of that day, and what was bought is
 * delivered whatever the configuration says now.
 */
export const anyTask: DocumentContext = { tasks: { has: () => true, keys: () => [] }, hasAnthropic: true };
