import type { Recipe } from '../recipe.ts';
import { exampleValue } from './example-value.ts';
import { statedWords, textOfWords } from './stated-words.ts';

/**
 * A text as long as the answer that a recipe asks for: made to its schema, or of as many words as its instructions say.
 * @returns null when neither says anything
 */
export function exampleAnswer({
  schema,
  instructions,
}: {
  schema: Recipe['outputSchema'];
  instructions: string;
}): { from: 'schema' | 'instructions'; text: string } | null {
  if (schema !== null) return { from: 'schema', text: JSON.stringify(exampleValue(schema)) ?? '' };
  const words = statedWords(instructions);
  return words === null ? null : { from: 'instructions', text: textOfWords(words) };
}
