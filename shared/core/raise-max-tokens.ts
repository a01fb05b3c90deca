import type { Ask } from './document.ts';
import { priceRows } from './prices.ts';
import type { Recipe } from './recipe.ts';

const raisedFactor = 2;

/** Longest answers, in tokens. Source: the provider's page on models, read 2026-08 to 2026-11. */
const answerTokensMax = 128_000;
const answerTokensMaxOf4dot5 = 64_000;

const knownModels = new Set(priceRows.map(({ model }) => model));

/** Of a model that is not known the least that any is good for: what asks for too much is refused. */
function modelTokensMax(model: string): number {
  const base = model.replace(/-\d{8}$/, '');
  return knownModels.has(base) && !base.endsWith('-4-5') ? answerTokensMax : answerTokensMaxOf4dot5;
}

/** The recipe of a document whose answer was cut: the same, with the cap raised. Raised once, it stays as it is. */
export function raisedRecipe(recipe: Recipe, ask: Ask): Recipe {
  if (recipe.raised) return recipe;
  const model = ask.shape === 'as-is' ? ask.params.model : recipe.model;
  const ofModel = modelTokensMax(typeof model === 'string' ? model : '');
  const tokensMax = Math.min(ofModel, recipe.maxTokensMax ?? ofModel);
  return { ...recipe, raised: { factor: raisedFactor, tokensMax } };
}

/** What a request asks for; null when its document, in the provider's own shape, does not say it as a number. */
export function maxTokensOf(ask: Ask, recipe: Recipe): number | null {
  const asked = ask.shape === 'as-is' ? ask.params.max_tokens : recipe.maxTokens;
  if (typeof asked !== 'number') return null;
  return recipe.raised ? Math.max(asked, Math.min(asked * recipe.raised.factor, recipe.raised.tokensMax)) : asked;
}
