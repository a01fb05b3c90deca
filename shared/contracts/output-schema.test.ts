import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { compileOutputCheck } from './output-schema.ts';

const schema = {
  type: 'object',
  properties: { kind: { type: 'string', enum: ['a', 'b'] }, at: { type: 'string', format: 'date-time' } },
  required: ['kind'],
  additionalProperties: false,
};

describe('compileOutputCheck', () => {
  it('passes what fits and says what does not', () => {
    const check = compileOutputCheck(schema);
    assert.equal(check({ kind: 'a' }), null);
    assert.match(check({ kind: 'c' }) ?? '', /\/kind must be equal to one of/);
    assert.match(check({}) ?? '', /the answer must have required property 'kind'/);
    assert.match(check('text') ?? '', /must be object/);
    assert.match(check({ kind: 'a', more: 1 }) ?? '', /additional properties/);
  });

  it('ignores formats and keywords it does not know', () => {
    assert.equal(compileOutputCheck({ ...schema, 'x-note': 1 })({ kind: 'a', at: 'soon' }), null);
  });

  it('compiles equal schemas once', () => {
    assert.equal(compileOutputCheck({ ...schema }), compileOutputCheck(structuredClone(schema)));
  });

  it('takes different schemas that share an $id', () => {
    assert.equal(compileOutputCheck({ $id: 'x', type: 'string' })('a'), null);
    assert.equal(compileOutputCheck({ $id: 'x', type: 'number' })(1), null);
  });

  it('goes on compiling when more schemas came than it keeps', () => {
    for (let value = 0; value < 200; value++) assert.equal(compileOutputCheck({ const: value })(value), null);
  });

  it('refuses a schema that is none, and says where', () => {
    assert.throws(
      () => compileOutputCheck({ type: 'strnig' }, 'tasks.classify.output'),
      (error: unknown) =>
        error instanceof FlotillaError && error.code === 'invalid-config' && error.where === 'tasks.classify.output',
    );
  });
});
