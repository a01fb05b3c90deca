import type { Schema } from './message-params.ts';
import { drawUnit, hashText } from './seeded-random.ts';

export interface SchemaAnswerOptions {
  schema: Schema;
  /** The document: what is written into strings and what every choice is drawn from. */
  text: string;
  /** Values a model would obey to write: field name to text. */
  ordered: ReadonlyMap<string, string>;
}

const depthMax = 24;
const itemsByDefaultMax = 3;

/**
 * A value that is valid for the schema, chosen by the document's text alone: enum, const, string (formats, lengths),
 * number, integer (ranges), boolean, null, array, nested object, anyOf/oneOf, allOf, local `$ref`.
 */
export function answerForSchema({ schema, text, ordered }: SchemaAnswerOptions): unknown {
  const seed = Number.parseInt(hashText(text).slice(0, 7), 36) | 0;
  return valueFor({ root: schema, text, ordered, seed }, schema, '', 0);
}

interface Context {
  root: Schema;
  text: string;
  ordered: ReadonlyMap<string, string>;
  seed: number;
}

function valueFor(context: Context, schema: unknown, path: string, depth: number): unknown {
  if (!isSchema(schema) || depth > depthMax) return null;
  if (typeof schema.$ref === 'string') return valueFor(context, resolve(context.root, schema.$ref), path, depth + 1);
  const draw = drawUnit(context.seed, path);
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return orderedEnum(context, schema.enum, path) ?? pick(schema.enum, draw);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return valueFor(context, choose(choices, draw), path, depth + 1);
  if (Array.isArray(schema.allOf)) return valueFor(context, merged(schema), path, depth + 1);
  switch (typeOf(schema)) {
    case 'object':
      return objectFor(context, schema, path, depth);
    case 'array':
      return arrayFor(context, schema, path, depth);
    case 'string':
      return context.ordered.get(lastName(path)) ?? stringFor(context, schema, path);
    case 'integer':
      return numberFor(schema, draw, true, path);
    case 'number':
      return numberFor(schema, draw, false, path);
    case 'boolean':
      return draw < 0.5;
    default:
      return null;
  }
}

function objectFor(context: Context, schema: Schema, path: string, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const properties = isSchema(schema.properties) ? schema.properties : {};
  for (const [name, property] of Object.entries(properties)) {
    // defineProperty, because a schema may name a property `__proto__`
    const value = valueFor(context, property, `${path}/${name}`, depth + 1);
    Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

function arrayFor(context: Context, schema: Schema, path: string, depth: number): unknown[] {
  const least = numeric(schema.minItems) ?? 1;
  const most = Math.max(least, Math.min(numeric(schema.maxItems) ?? itemsByDefaultMax, least + 2));
  const length = least + Math.floor(drawUnit(context.seed, path, 'length') * (most - least + 1));
  return Array.from({ length }, (_, index) =>
    valueFor(context, schema.items ?? { type: 'string' }, `${path}/${index}`, depth + 1),
  );
}

const formatted: Record<string, string> = {
  'date-time': '2026-11-21T18:37:24Z',
  date: '2026-11-21',
  time: '18:37:24Z',
  duration: 'P1D',
  email: 'someone@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
};

function stringFor({ text, seed }: Context, schema: Schema, path: string): string {
  if (typeof schema.format === 'string' && formatted[schema.format] !== undefined)
    return formatted[schema.format] as string;
  const words = firstWords(
    text,
    /summary|reason|text|description|explanation/i.test(lastName(path)) ? 18 : 4,
    seed,
    path,
  );
  const least = numeric(schema.minLength) ?? 0;
  const most = numeric(schema.maxLength) ?? Number.POSITIVE_INFINITY;
  const points = Array.from(words);
  if (points.length < least) return words + '.'.repeat(least - points.length);
  return points.length > most ? points.slice(0, most).join('') : words;
}

/** A stretch of the document's own words, so that an answer can be traced to its document. */
function firstWords(text: string, count: number, seed: number, path: string): string {
  const words = text.slice(0, 2_000).toWellFormed().split(/\s+/).filter(Boolean);
  if (words.length === 0) return 'empty';
  const start = Math.floor(drawUnit(seed, path, 'start') * Math.max(1, words.length - count));
  return words
    .slice(start, start + count)
    .join(' ')
    .slice(0, 200)
    .toWellFormed();
}

function numberFor(schema: Schema, draw: number, isInteger: boolean, path: string): number {
  const isShare = !isInteger && /confidence|score|probability|share/i.test(lastName(path));
  const low = numeric(schema.minimum) ?? above(schema.exclusiveMinimum, isInteger) ?? 0;
  const high = numeric(schema.maximum) ?? below(schema.exclusiveMaximum, isInteger) ?? (isShare ? 1 : low + 100);
  const step = numeric(schema.multipleOf);
  if (step !== undefined && step > 0) return Math.ceil(low / step) * step;
  if (isInteger) return Math.ceil(low) + Math.floor(draw * (Math.floor(high) - Math.ceil(low) + 1));
  return Math.min(high, Math.max(low, Math.round((low + draw * (high - low)) * 100) / 100));
}

function above(limit: unknown, isInteger: boolean): number | undefined {
  return typeof limit === 'number' ? limit + (isInteger ? 1 : 0.001) : undefined;
}

function below(limit: unknown, isInteger: boolean): number | undefined {
  return typeof limit === 'number' ? limit - (isInteger ? 1 : 0.001) : undefined;
}

function orderedEnum({ ordered }: Context, values: unknown[], path: string): unknown {
  const wanted = ordered.get(lastName(path));
  return wanted !== undefined && values.includes(wanted) ? wanted : undefined;
}

function choose(choices: unknown[], draw: number): unknown {
  const telling = choices.filter(choice => !(isSchema(choice) && choice.type === 'null'));
  return pick(telling.length > 0 ? telling : choices, draw);
}

/** `allOf` of plain objects: one schema with all properties. */
function merged(schema: Schema): Schema {
  const { allOf, ...rest } = schema;
  const parts = [rest, ...(allOf as unknown[]).filter(isSchema)];
  const properties = Object.assign({}, ...parts.map(part => part.properties ?? {}));
  return { ...Object.assign({}, ...parts), ...(Object.keys(properties).length > 0 ? { properties } : {}) };
}

function typeOf(schema: Schema): string {
  const type = Array.isArray(schema.type) ? schema.type.find(name => name !== 'null') : schema.type;
  if (typeof type === 'string') return type;
  return isSchema(schema.properties) ? 'object' : isSchema(schema.items) ? 'array' : 'string';
}

function resolve(root: Schema, reference: string): unknown {
  let found: unknown = root;
  for (const part of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    found = isSchema(found) ? found[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  }
  return found;
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const pick = (values: unknown[], draw: number): unknown => values[Math.floor(draw * values.length)];
const numeric = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
