import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { type AnswerSums, addLength, answerTokens, guessAnswer, lengthClass, noLength } from './answer-model.ts';
import { coldCalibration } from './calibration.ts';

const tokens = coldCalibration.tokensOf('claude-haiku-4-5');
const guess = (outputSchema: object | null, instructions: string | null, maxTokens = 1_000) =>
  guessAnswer({ outputSchema: outputSchema as Record<string, unknown> | null, instructions }, maxTokens);

function sumsOf(answers: readonly (readonly [bytes: number, tokens: number])[]): AnswerSums {
  const sums = new Map<number, typeof noLength>();
  for (const [bytes, count] of answers) {
    const length = lengthClass(bytes);
    sums.set(length, addLength(sums.get(length) ?? noLength, { answers: 1, tokens: count, squares: count ** 2 }));
  }
  return sums;
}

const expectedOf = (sums: AnswerSums, asked: ReturnType<typeof guess>, bytes = 1_000) =>
  answerTokens(sums, { guess: asked, length: lengthClass(bytes), tokens });

describe('what is guessed of the first answer', () => {
  it('is an example of the schema, a text of the length that is asked for, or a share of max_tokens', () => {
    const schema = {
      type: 'object',
      properties: { kind: { enum: ['a', 'bb'] }, why: { type: 'string', description: 'In one sentence.' } },
    };
    assert.equal(guess(schema, 'Whatever.').from, 'schema');
    assert.match(guess(schema, null).text ?? '', /^\{"kind":"a","why":"(?:words ?){20}"\}$/);
    assert.equal(guess(null, 'Summarise it in three sentences.').text?.split(' ').length, 60);
    assert.equal(guess(null, 'Use at most 40 words.').text?.split(' ').length, 30);
    assert.deepEqual(guess(null, 'Translate it.', 80), { from: 'max-tokens', text: null, maxTokens: 80 });
    assert.equal(expectedOf(new Map(), guess(null, 'Translate it.', 80)).expected, 20);
  });

  it('is total, and within 1 and max_tokens', () => {
    checkProperty(
      fc.property(
        fc.option(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.string(),
        fc.integer({ min: 1, max: 500 }),
        (schema, text, maxTokens) => {
          const { expected, spread, doubt } = expectedOf(new Map(), guess(schema, text, maxTokens));
          assert.ok(expected >= 1 && expected <= maxTokens && spread >= 0 && doubt >= 0);
        },
      ),
    );
  });

  it('follows the shape of the schema: references, formats, ranges, what may be null, and names', () => {
    const exampleOf = (schema: object) => JSON.parse(guess(schema, null).text ?? '');
    const place = { type: 'object', properties: { city: { type: 'string' }, zip: { type: 'string', maxLength: 5 } } };
    const schema = {
      $defs: { place, maybe: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/place' }] } },
      properties: {
        at: { $ref: '#/$defs/maybe' },
        day: { type: 'string', format: 'date' },
        stars: { type: 'integer', minimum: 1, maximum: 5 },
        isOpen: { type: ['boolean', 'null'] },
        kind: { enum: ['a', 'bbbb', 'ccccccccccccc'] },
        both: { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] },
        reason: { type: 'string' },
      },
    };
    assert.deepEqual(exampleOf(schema), {
      at: { city: 'words words words words', zip: 'words' },
      day: '2026-11-29',
      stars: 3,
      isOpen: true,
      kind: 'bbbb',
      both: { a: 1, b: 2 },
      reason: Array.from({ length: 20 }, () => 'words').join(' '),
    });
  });

  it('stays small where lists are nested', () => {
    let schema: object = { type: 'string' };
    for (let depth = 0; depth < 20; depth += 1) schema = { type: 'array', minItems: 100, items: schema };
    assert.ok((guess(schema, null).text?.length ?? Infinity) < 100_000);
  });

  it('ends at a schema that is within itself', () => {
    const schema: Record<string, unknown> = { type: 'array', minItems: 1 };
    schema.items = { type: 'object', properties: { same: { $ref: '#' } } };
    assert.equal(guess(schema, null).text, '[{"same":null},{"same":null},{"same":null}]');
  });
});

describe('what answers are expected to have', () => {
  it('leans on the mean of all lengths where there are few', () => {
    const sums = sumsOf([...Array.from({ length: 500 }, () => [1_000, 40] as const), [100_000, 400]]);
    const asked = guess(null, null);
    assert.ok(Math.abs(expectedOf(sums, asked).expected - 40) < 2);
    const long = expectedOf(sums, asked, 100_000);
    assert.ok(long.expected > 60 && long.expected < 100, String(long.expected));
  });

  it('is surer with every answer, and never surer than answers are alike', () => {
    const asked = guess(null, null);
    const of = (count: number) =>
      expectedOf(sumsOf(Array.from({ length: count }, (_, n) => [1_000, 20 + (n % 41)])), asked);
    assert.ok(of(100).doubt < of(10).doubt && of(1_000).doubt < of(100).doubt / 2);
    assert.ok(of(1_000).spread > 10);
  });

  it('takes answers of the same task by another recipe for more than a guess, and for less than its own', () => {
    const asked = { guess: guess(null, 'Translate it.', 2_000), length: lengthClass(1_000), tokens };
    const like = { answers: 100, tokens: 4_000, squares: 100 * 1_600 };
    const first = answerTokens(new Map(), { ...asked, like });
    assert.ok(Math.abs(first.expected - 40) < 2, String(first.expected));
    assert.ok(first.doubt < answerTokens(new Map(), asked).doubt / 5);
    const own = answerTokens(sumsOf(Array.from({ length: 100 }, () => [1_000, 90] as const)), { ...asked, like });
    assert.ok(Math.abs(own.expected - 90) < 1, String(own.expected));
  });

  it('lets go of a bound at the first answer', () => {
    const one = expectedOf(sumsOf([[1_000, 40]]), guess(null, 'Translate it.', 1_000));
    assert.ok(one.expected < 100, String(one.expected));
  });
});
