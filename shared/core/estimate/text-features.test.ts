import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '#test/support/check-property.ts';
import { addFeatures, type Features, featureNames, featuresOf, featuresOfText, lettersOf } from './text-features.ts';

const bodyOf = (request: object): string => JSON.stringify({ model: 'm', max_tokens: 1, messages: [], ...request });

/** Only what is not 0, by name. */
const named = (features: Features): Record<string, number> =>
  Object.fromEntries(
    featureNames.flatMap((name, index) => (features[index] === 0 ? [] : [[name, features[index] ?? 0]])),
  );

describe('featuresOf', () => {
  it('counts characters by class, and words where they begin', () => {
    assert.deepEqual(named(featuresOfText('Hello camelCase, 42')), {
      words: 3,
      letters: 14,
      digits: 2,
      spaces: 2,
      marks: 1,
    });
    assert.deepEqual(named(featuresOfText('né 日本 да 👍')), {
      words: 1,
      letters: 1,
      spaces: 3,
      latin: 1,
      cjk: 2,
      others: 4,
    });
  });

  it('sees system, messages, tools, schema and pictures, in whatever form they come', () => {
    const schema = { type: 'json_schema', schema: { type: 'object' } };
    const features = featuresOf(
      bodyOf({
        system: [{ type: 'text', text: 'abc' }],
        messages: [
          { role: 'user', content: 'def' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'ghi' },
              { type: 'image', source: { type: 'base64', data: 'aaaa' } },
            ],
          },
        ],
        tools: [{ name: 't' }],
        output_config: { format: schema },
      }),
    );
    const toolBytes = JSON.stringify([{ name: 't' }]).length;
    const schemaBytes = JSON.stringify(schema).length;
    assert.deepEqual(named(features), {
      words: 3,
      letters: 9,
      messages: 2,
      tools: 1,
      toolBytes,
      schemaBytes,
      media: 1,
    });
  });

  it('is total: whatever parses has features', () => {
    checkProperty(
      fc.property(fc.jsonValue(), fc.jsonValue(), (system, messages) => {
        assert.equal(featuresOf(JSON.stringify({ system, messages })).length, featureNames.length);
      }),
    );
  });

  it('adds up: a text has what its halves have, but for a word that is cut', () => {
    checkProperty(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, two) => {
        const apart = addFeatures(featuresOfText(`${one} `), featuresOfText(two));
        assert.deepEqual(featuresOfText(`${one} ${two}`), apart);
        assert.ok(lettersOf(apart) <= one.length + two.length);
      }),
    );
  });
});
