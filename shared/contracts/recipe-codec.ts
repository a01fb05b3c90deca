import { z } from 'zod';
import { type Recipe, recipeText } from '#core/recipe.ts';
import { decodeObject } from './unknown-record.ts';

/** A recipe is read rarely and decides what is bought, so all of it is checked. */
export const recipeSchema: z.ZodType<Recipe> = z.strictObject({
  v: z.literal(1),
  task: z.string().nullable(),
  provider: z.literal('anthropic'),
  model: z.string().nullable(),
  instructions: z.string().nullable(),
  maxTokens: z.int().min(1).nullable(),
  outputSchema: z.record(z.string(), z.unknown()).nullable(),
  canary: z.boolean(),
  retry: z.strictObject({ delaysMs: z.array(z.number().nonnegative()), jitter: z.number().min(0).max(1) }),
  maxTokensMax: z.int().min(1).exactOptional(),
  raised: z.strictObject({ factor: z.number().min(1), tokensMax: z.int().min(1) }).exactOptional(),
  reusable: z.literal(true).exactOptional(),
});

/** Equal recipes are equal bytes and have one hash. */
export const encodeRecipe = (recipe: Recipe): Uint8Array => Buffer.from(recipeText(recipe));

/** @returns null when it is no recipe that this code understands; whoever needs it finds none. Never throws. */
export function decodeRecipe(value: Uint8Array): Recipe | null {
  const read = recipeSchema.safeParse(decodeObject(value));
  return read.success ? read.data : null;
}
