import { hash } from 'node:crypto';
import type { Ask } from './document.ts';
import { maxTokensOf } from './raise-max-tokens.ts';
import type { Recipe } from './recipe.ts';
import { claimKey, type Rid } from './rid.ts';

/** The field in which an answer repeats its item's code, when the recipe asks for one. */
export const canaryField = 'flotilla_check';

type Purchase = Rid & { att: number };

/** The code of one purchase: the same whoever computes it, different for every other. */
export const canaryCode = (claim: Purchase): string => hash('sha256', claimKey(claim)).slice(0, 8);

/**
 * The provider's request parameters, as JSON text: a pure function of document and recipe (and, with a canary, of the
 * purchase), so whoever builds it sends the same bytes.
 */
export const buildRequest = (ask: Ask, recipe: Recipe, claim: Purchase): string =>
  JSON.stringify(requestParams(ask, recipe, claim));

/** The same before it is written out, which takes far longer where instructions are long. It shares objects with both. */
export function requestParams(ask: Ask, recipe: Recipe, claim: Purchase): Readonly<Record<string, unknown>> {
  if (ask.shape === 'as-is') {
    return recipe.raised ? { ...ask.params, max_tokens: maxTokensOf(ask, recipe) } : ask.params;
  }
  const hasCanary = recipe.canary && recipe.outputSchema !== null;
  const messages = ask.shape === 'messages' ? ask.messages : [{ role: 'user', content: ask.content }];
  const schema = hasCanary ? withCanary(recipe.outputSchema) : recipe.outputSchema;
  return {
    model: recipe.model,
    max_tokens: maxTokensOf(ask, recipe),
    ...(recipe.instructions === null ? {} : { system: [{ type: 'text', text: recipe.instructions }] }),
    messages: hasCanary ? [...messages, canaryMessage(claim)] : messages,
    ...(schema === null ? {} : { output_config: { format: { type: 'json_schema', schema } } }),
  };
}

const canaryMessage = (claim: Purchase): { role: 'user'; content: string } => ({
  role: 'user',
  content: `Copy the code ${canaryCode(claim)} into the field ${canaryField}.`,
});

/** One more required string; the rest of the schema stays as it is, so all items share it. */
function withCanary(schema: Recipe['outputSchema']): Record<string, unknown> {
  const { properties, required, ...rest } = (schema ?? {}) as { properties?: object; required?: string[] };
  return {
    ...rest,
    properties: { ...properties, [canaryField]: { type: 'string' } },
    required: [...(required ?? []), canaryField],
  };
}
