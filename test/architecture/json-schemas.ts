import { z } from 'zod';
import { documentSchema } from '#contracts/document-schema.ts';
import { deadLetterHeadersSchema, documentHeadersSchema, resultHeadersSchema } from '#contracts/header-schemas.ts';
import { journalRecordSchema } from '#contracts/journal-record-schema.ts';
import { recipeSchema } from '#contracts/recipe-codec.ts';
import { resultSchema } from '#contracts/result-schema.ts';
import { settledRecordSchema } from '#contracts/settled-record-schema.ts';
import { journalVersion } from '#core/journal.ts';

/** Every schema of what crosses a process boundary through the log, by the name of its file in `infra/schemas`. */
const schemas = {
  document: documentSchema,
  'document-headers': documentHeadersSchema,
  result: resultSchema,
  'result-headers': resultHeadersSchema,
  'dead-letter-headers': deadLetterHeadersSchema,
  'journal-record': journalRecordSchema,
  'settled-record': settledRecordSchema,
  recipe: recipeSchema,
} as const satisfies Record<string, z.ZodType>;

export type SchemaName = keyof typeof schemas;

export const schemaNames = Object.keys(schemas) as SchemaName[];

export const schemaPath = (name: SchemaName): string => `infra/schemas/${name}.json`;

/** As JSON Schema, for readers: what a newer version adds is no fault where we are not strict ourselves. */
export function jsonSchemaOf(name: SchemaName): Record<string, unknown> {
  const schema = z.toJSONSchema(schemas[name], { io: 'input', target: 'draft-07' }) as Record<string, unknown>;
  return name === 'journal-record' ? { ...schema, oneOf: (schema.oneOf as ObjectSchema[]).map(withVersion) } : schema;
}

export const jsonSchemaText = (name: SchemaName): string => `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`;

interface ObjectSchema {
  properties: Record<string, unknown>;
  required: string[];
}

/** The codec writes the version of a journal record, and readers of the log take it off. */
const withVersion = (schema: ObjectSchema): ObjectSchema => ({
  ...schema,
  properties: { v: { type: 'number', const: journalVersion }, ...schema.properties },
  required: ['v', ...schema.required],
});
