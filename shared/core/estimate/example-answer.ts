import type { Recipe } from '../recipe.ts';

/** Words of what instructions and descriptions ask for by its kind. */
const wordsIn: Readonly<Record<string, number>> = {
  word: 1,
  keyword: 1.5,
  sentence: 20,
  line: 12,
  bullet: 14,
  paragraph: 80,
  page: 400,
};
const numbers = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
/** Of a text in a schema that says nothing of its length. */
const wordsByDefault = 12;
const itemsByDefault = 3;
const depthMax = 24;
/** A limit is met with room to spare. */
const shareOfLimit = 0.75;

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
  if (schema !== null) return { from: 'schema', text: JSON.stringify(valueFor(schema, 0)) ?? '' };
  const words = statedWords(instructions);
  return words === null ? null : { from: 'instructions', text: textOf(words) };
}

/** `in three sentences`, `at most 20 words`: what is said first counts. */
function statedWords(text: string): number | null {
  const pattern = new RegExp(
    `(at most|no more than|up to|under|maximum of)?\\s*\\b(\\d{1,5}|an?|${numbers.join('|')})[- ]+(?:short |brief |long )?(${Object.keys(wordsIn).join('|')})s?\\b`,
    'i',
  );
  const match = pattern.exec(text);
  if (!match) return null;
  const [, limit, count = '', kind = ''] = match;
  const many = /^an?$/i.test(count) ? 1 : /^\d/.test(count) ? Number(count) : numbers.indexOf(count.toLowerCase());
  return many * (wordsIn[kind.toLowerCase()] ?? 1) * (limit === undefined ? 1 : shareOfLimit);
}

/** Words of five letters: what English text has on average. */
const textOf = (words: number): string =>
  Array.from({ length: Math.max(1, Math.round(words)) }, () => 'words').join(' ');

function valueFor(schema: unknown, depth: number): unknown {
  if (typeof schema !== 'object' || schema === null || depth > depthMax) return null;
  const fields = schema as Record<string, unknown>;
  if ('const' in fields) return fields.const;
  if (Array.isArray(fields.enum) && fields.enum.length > 0) return middleOf(fields.enum);
  for (const choice of ['anyOf', 'oneOf', 'allOf']) {
    const first = Array.isArray(fields[choice]) ? (fields[choice] as unknown[])[0] : undefined;
    if (first !== undefined) return valueFor(first, depth + 1);
  }
  const type = Array.isArray(fields.type) ? fields.type.find(name => name !== 'null') : fields.type;
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(fields.properties ?? {}).map(([name, inner]) => [name, valueFor(inner, depth + 1)]),
      );
    case 'array':
      return Array.from({ length: itemsOf(fields) }, () => valueFor(fields.items, depth + 1));
    case 'number':
      return 0.75;
    case 'integer':
      return 12;
    case 'boolean':
      return true;
    case 'string':
      return textOf(statedWords(String(fields.description ?? '')) ?? wordsByDefault);
    default:
      return null;
  }
}

/** The one of middling length. */
function middleOf(values: readonly unknown[]): unknown {
  const byLength = [...values].sort((a, b) => String(a).length - String(b).length);
  return byLength[Math.floor(byLength.length / 2)];
}

function itemsOf({ minItems, maxItems }: Record<string, unknown>): number {
  const [least, most] = [numberOr(minItems, 0), numberOr(maxItems, Number.POSITIVE_INFINITY)];
  return Math.min(most, Math.max(least, itemsByDefault), 100);
}

const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
