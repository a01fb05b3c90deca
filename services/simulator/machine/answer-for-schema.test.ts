import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { answerForSchema } from './answer-for-schema.ts';
import type { Schema } from './message-params.ts';

const text = 'An old ship, its crew of 12, and the long way home. Émile – ünïcode 🚢 words.';

const object = (properties: Schema): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required: Object.keys(properties),
});

const schemas: Record<string, Schema> = {
  enum: object({ kind: { enum: ['library', 'tool', 3, null] } }),
  const: object({ version: { const: 1 } }),
  strings: object({ topic: { type: 'string', maxLength: 9 }, summary: { type: 'string', minLength: 300 } }),
  numbers: object({
    year: { type: 'integer', minimum: 1_990, maximum: 2_030 },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    positive: { type: 'integer', exclusiveMinimum: 0 },
    even: { type: 'integer', multipleOf: 2 },
  }),
  arrays: object({
    tags: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
    any: { type: 'array' },
  }),
  nested: object({ outer: object({ inner: object({ isTrue: { type: 'boolean' }, none: { type: 'null' } }) }) }),
  anyOf: object({ either: { anyOf: [{ type: 'null' }, { type: 'integer' }] }, nullable: { type: ['string', 'null'] } }),
  references: { ...object({ child: { $ref: '#/$defs/leaf' } }), $defs: { leaf: object({ name: { type: 'string' } }) } },
  allOf: {
    allOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { properties: { b: { type: 'integer' } } }],
  },
  hostile: object({ constructor: { type: 'integer' }, toString: { type: 'string' } }),
};

describe('answerForSchema', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    it(`gives a valid value: ${name}`, () => {
      const validate = new Ajv2020({ strict: false }).compile(schema);
      for (const document of [text, '', 'x', '𐍈'.repeat(500)]) {
        const answer = JSON.parse(JSON.stringify(answerForSchema({ schema, text: document, ordered: new Map() })));
        assert.ok(validate(answer), `${JSON.stringify(validate.errors)} in ${JSON.stringify(answer)}`);
      }
    });
  }

  it('depends on the document alone', () => {
    const schema = object({ kind: { enum: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }, topic: { type: 'string' } });
    const answer = (document: string) =>
      JSON.stringify(answerForSchema({ schema, text: document, ordered: new Map() }));
    assert.equal(answer(text), answer(text));
    const kinds = new Set(Array.from({ length: 40 }, (_, index) => JSON.parse(answer(`document ${index}`)).kind));
    assert.ok(kinds.size > 3);
  });

  it('writes a property named __proto__ as a property', () => {
    const schema = object(JSON.parse('{"__proto__":{"const":1}}'));
    assert.equal(JSON.stringify(answerForSchema({ schema, text, ordered: new Map() })), '{"__proto__":1}');
  });

  it('ends on a schema that refers to itself', () => {
    const schema: Schema = { type: 'object', properties: { next: { $ref: '#' } } };
    assert.ok(answerForSchema({ schema, text, ordered: new Map() }));
  });
});
