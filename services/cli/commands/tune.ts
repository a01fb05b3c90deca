import { priceOf } from '#core/cost.ts';
import { proposeMaxTokens } from '#core/cost-report/tune.ts';
import type { Money } from '#core/money.ts';
import { batchPriceShare } from '#core/prices.ts';
import { recipeFamily } from '#core/recipe.ts';
import type { Projection } from '#projection/projection.ts';
import { readAnswerTokens } from '#projection/read-answer-tokens.ts';
import type { TaskSettings } from '#runtime/config/task-settings.ts';
import type { Command } from '../command-context.ts';
import { withProjection } from '../cost/with-projection.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { renderTune, type TaskTuning, tuneJson } from '../tune/render-tune.ts';

export interface TuneOptions {
  /** Share of answers that may be cut, such as 0.01. */
  risk: number;
}

/** `flotilla tune`: how high `maxTokens` of each task has to be, by the answers there were. Changes nothing. */
export const tune =
  ({ risk }: TuneOptions): Command =>
  async context => {
    const settings = await loadSettings(context);
    return withProjection({ settings, context }, async ({ projection }) => {
      const tunings = [...settings.tasks.values()].map(task => tuningOf(task, { projection, risk, now: Date.now() }));
      if (context.isJson) await context.out(`${JSON.stringify(tuneJson(tunings, { risk }))}\n`);
      else await context.out(renderTune(tunings, { risk }, context.outLook));
      return exitCodes.done;
    });
  };

function tuningOf(
  { name, recipe }: TaskSettings,
  { projection, risk, now }: { projection: Projection; risk: number; now: number },
): TaskTuning {
  const maxTokens = recipe.maxTokens ?? 0;
  const model = recipe.model ?? '';
  const proposal = proposeMaxTokens(readAnswerTokens(projection, recipeFamily(recipe)), { maxTokens, risk });
  const { verdict } = proposal;
  const reserveLess =
    verdict.is === 'proposed' ? outputPrice(model, { tokens: maxTokens - verdict.maxTokens, now }) : null;
  return { task: name, model, maxTokens, proposal, reserveLess };
}

function outputPrice(model: string, { tokens, now }: { tokens: number; now: number }): Money | null {
  const price = priceOf(model, { promptTokens: 0, at: now });
  return price && Math.round(tokens * price.output * batchPriceShare);
}
