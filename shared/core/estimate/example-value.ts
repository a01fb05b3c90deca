import { statedWords, textOfWords } from './stated-words.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Fields of these names hold prose; others a name, a label, a place: a few words. */
const proseNames =
  /summary|reason|rationale|explanation|description|justification|comment|abstract|analysis|evidence|text/i;
const wordsOfProse = 20;
const wordsOfOthers = 4;
const itemsByDefault = 3;
const depthMax = 24;
/** Values in one example: nested lists multiply. */
const valuesMax = 2_000;
const itemsMax = 100;
const charactersMax = 20_000;

const formatted: Readonly<Record<string, string>> = {
  'date-time': '2026-11-29T12:00:00Z',
  date: '2026-11-29',
  time: '12:00:00Z',
  duration: 'P1DT12H',
  email: 'someone@example.com',
  hostname: 'www.example.com',
  uri: 'https://www.example.com/a/page',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '123e4567-e89b-12d3-a456-426614174000',
};

interface Place {
  root: unknown;
  /** Of the field that it is for. */
  name: string;
  depth: number;
  /** References that lead here: one that leads into itself ends. */
  open: readonly string[];
  count: { values: number };
}

/** A value as long as those that answer to a schema mostly are. Total: what is not understood is null. */
export const exampleValue = (schema: unknown): unknown =>
  valueFor(schema, { root: schema, name: '', depth: 0, open: ['#'], count: { values: 0 } });

function valueFor(schema: unknown, place: Place): unknown {
  place.count.values += 1;
  if (!isSchema(schema) || place.depth > depthMax || place.count.values > valuesMax) return null;
  if (typeof schema.$ref === 'string') return valueBehind(schema.$ref, place);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return usualOf(schema.enum);
  for (const choice of [schema.anyOf, schema.oneOf]) {
    const first = Array.isArray(choice) ? choice.find(each => !isNull(each)) : undefined;
    if (first !== undefined) return valueFor(first, deeper(place));
  }
  if (Array.isArray(schema.allOf)) return valueFor(merged(schema, schema.allOf), deeper(place));
  switch (typeOf(schema)) {
    case 'object':
      return objectFor(schema, place);
    case 'array':
      return Array.from({ length: itemsOf(schema) }, () => valueFor(schema.items, deeper(place)));
    case 'number':
      return middleOf(schema) ?? 0.75;
    case 'integer':
      return Math.round(middleOf(schema) ?? 12);
    case 'boolean':
      return true;
    case 'string':
      return stringFor(schema, place.name);
    default:
      return null;
  }
}

const deeper = (place: Place, name = place.name): Place => ({ ...place, name, depth: place.depth + 1 });

const objectFor = ({ properties }: Schema, place: Place): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(isSchema(properties) ? properties : {}).map(([name, inner]) => [
      name,
      valueFor(inner, deeper(place, name)),
    ]),
  );

/** A reference within the schema, as generators of schemas write them for every type that has a name. */
function valueBehind(reference: string, place: Place): unknown {
  if (place.open.includes(reference)) return null;
  const names = reference.replace(/^#\/?/, '').split('/').filter(Boolean);
  const target = names.reduce<unknown>((found, name) => {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    return isSchema(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }, place.root);
  return valueFor(target, { ...deeper(place), open: [...place.open, reference] });
}

/** The one whose length is nearest to the mean of all. */
function usualOf(values: readonly unknown[]): unknown {
  const lengths = values.map(value => JSON.stringify(value)?.length ?? 0);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / values.length;
  const off = lengths.map(length => Math.abs(length - mean));
  return values[off.indexOf(Math.min(...off))];
}

function merged(schema: Schema, parts: readonly unknown[]): Schema {
  const { allOf: _, ...rest } = schema;
  const all = [rest, ...parts.filter(isSchema)];
  const properties = Object.assign({}, ...all.map(part => (isSchema(part.properties) ? part.properties : {})));
  return { ...Object.assign({}, ...all), ...(Object.keys(properties).length > 0 ? { properties } : {}) };
}

/** Words that its description asks for, or that its name lets expect, within the characters it may have. */
function stringFor({ format, description, minLength, maxLength }: Schema, name: string): string {
  const example = typeof format === 'string' ? formatted[format] : undefined;
  if (example !== undefined) return example;
  const words = statedWords(String(description ?? '')) ?? (proseNames.test(name) ? wordsOfProse : wordsOfOthers);
  const text = textOfWords(words);
  const [least, most] = [numberOr(minLength, 0), numberOr(maxLength, Number.POSITIVE_INFINITY)];
  return text.padEnd(Math.min(least, charactersMax), ' words').slice(0, Math.max(0, Math.min(most, charactersMax)));
}

function middleOf({ minimum, maximum }: Schema): number | null {
  return typeof minimum === 'number' && typeof maximum === 'number' ? (minimum + maximum) / 2 : null;
}

function itemsOf({ minItems, maxItems }: Schema): number {
  const [least, most] = [numberOr(minItems, 0), numberOr(maxItems, Number.POSITIVE_INFINITY)];
  return Math.max(0, Math.min(most, Math.max(least, itemsByDefault), itemsMax));
}

function typeOf(schema: Schema): unknown {
  const type = Array.isArray(schema.type) ? schema.type.find(name => name !== 'null') : schema.type;
  return type ?? (isSchema(schema.properties) ? 'object' : isSchema(schema.items) ? 'array' : undefined);
}

const isNull = (schema: unknown): boolean => isSchema(schema) && schema.type === 'null';

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
