import { canaryCode, canaryField } from '../build-request.ts';
import { costOf } from '../cost.ts';
import type { Parsed } from '../document.ts';
import type { Answer } from '../provider-line.ts';
import { maxTokensOf } from '../raise-max-tokens.ts';
import type { Recipe } from '../recipe.ts';
import type { Batch, Item } from '../view.ts';
import type { Ended } from './ended.ts';
import type { ItemContext } from './settle-context.ts';

/** What an answer is worth: bought in any case, and an answer only if it is whole and fits its schema. */
export function endOfAnswer(answer: Answer, item: Item, batch: Batch, context: ItemContext): Ended {
  const { usage, body, model } = answer;
  const boughtAt = batch.state.is === 'created' || batch.state.is === 'released' ? batch.state.at : batch.sealedAt;
  const cost = costOf(model, usage, boughtAt, { isUsOnly: isUsOnly(context.parsed) });
  const bought = { body, model, usage, cost };
  if (answer.finish === 'refused') return { cause: 'refused', ...bought };
  if (answer.finish === 'truncated') return { cause: 'truncated', ...afterCut(context), ...bought };
  const { recipe } = context;
  if (!recipe?.outputSchema) return { cause: null, output: answer.text, ...bought };
  const checked = readOutput(answer.text, item, { ...context, recipe });
  if (checked.is === 'invalid') return { cause: 'invalid-output', why: checked.why, ...bought };
  return { cause: null, output: checked.output, ...bought };
}

export const isUsOnly = (parsed: Parsed): boolean =>
  parsed.is === 'document' &&
  parsed.document.ask.shape === 'as-is' &&
  parsed.document.ask.params.inference_geo === 'us';

/** Tried once more with the cap raised (`retryRow`); cut again, it is a dead letter whatever tries are left. */
function afterCut({ recipe, parsed }: ItemContext): Partial<Ended> {
  if (!recipe?.raised || parsed.is === 'reject') return {};
  const { ask } = parsed.document;
  const { raised: _, ...before } = recipe;
  const [first, last] = [maxTokensOf(ask, before), maxTokensOf(ask, recipe)];
  return { isFinal: true, why: `cut at max_tokens ${first}, and again at ${last}` };
}

type CheckedOutput = { is: 'valid'; output: unknown } | { is: 'invalid'; why: string };

function readOutput(
  text: string,
  item: Item,
  { recipe, checkOutput }: ItemContext & { recipe: Recipe },
): CheckedOutput {
  let output: unknown;
  try {
    output = JSON.parse(text);
  } catch {
    return { is: 'invalid', why: 'the answer is not JSON' };
  }
  if (recipe.canary) {
    if (typeof output !== 'object' || output === null) return { is: 'invalid', why: 'the answer is not an object' };
    const { [canaryField]: code, ...rest } = output as Record<string, unknown>;
    if (code !== canaryCode(item)) return { is: 'invalid', why: 'the answer carries the code of another item' };
    output = rest;
  }
  const why = checkOutput(output);
  return why === null ? { is: 'valid', output } : { is: 'invalid', why };
}
