import { z } from 'zod';
import { isObject } from './check-messages.ts';

type JsonSchema = Record<string, unknown>;

/**
 * What a task's answer must look like: a JSON Schema, or a zod schema, which becomes one. Refused here is what the
 * provider would refuse with every single document.
 */
export const outputSetting = z
  .custom<Readonly<JsonSchema> | z.ZodType>(isObject, 'must be a JSON Schema or a zod schema')
  .transform((given, context): JsonSchema => {
    const schema = toJsonSchema(given);
    const problem = typeof schema === 'string' ? schema : openObjectProblem(schema, '');
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    return typeof schema === 'string' ? {} : schema;
  });

function toJsonSchema(given: Readonly<JsonSchema> | z.ZodType): JsonSchema | string {
  if (!('_zod' in given)) return given as JsonSchema;
  try {
    const { $schema, ...schema } = z.toJSONSchema(given as z.ZodType);
    return schema;
  } catch (error) {
    return `this zod schema has no JSON Schema: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Anthropic wants every object closed, and answers 400 otherwise (2026-10). */
function openObjectProblem(schema: unknown, path: string): string | null {
  if (Array.isArray(schema)) return firstProblem(Object.entries(schema), path);
  if (!isObject(schema)) return null;
  if (schema.type === 'object' && schema.additionalProperties !== false) {
    return `every object of the schema needs additionalProperties: false, and ${path || 'the outermost'} has not`;
  }
  const named = [schema.properties, schema.$defs, schema.definitions].filter(isObject).flatMap(Object.entries);
  const nested = ['items', 'prefixItems', 'anyOf', 'allOf', 'oneOf'].map((key): [string, unknown] => [
    key,
    schema[key],
  ]);
  return firstProblem([...named, ...nested], path);
}

function firstProblem(entries: readonly [string, unknown][], path: string): string | null {
  for (const [key, inner] of entries) {
    const problem = openObjectProblem(inner, path === '' ? key : `${path}.${key}`);
    if (problem !== null) return problem;
  }
  return null;
}
