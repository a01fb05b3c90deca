import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { addFeatures, type Features, featuresOfText, noFeatures } from './text-features.ts';
import { addTokenSums, noTokenSums, sumCounts, type TokenCount, tokenModel } from './token-model.ts';

const alphabets = [
  'etaoin shrdlu ',
  'CamelCaseIdentifiers_',
  '0123456789, ',
  '{"name": "value"}',
  'éüñçø ',
  '漢字仮名交',
  'Привет ',
];

/** A text of some scripts, as random as the seed. */
function textOf(random: () => number, scripts: readonly string[] = alphabets): string {
  const characters = [...(scripts[Math.floor(random() * scripts.length)] as string)];
  const length = 20 + Math.floor(random() * 2_000);
  return Array.from({ length }, () => characters[Math.floor(random() * characters.length)]).join('');
}

/** A tokenizer that nobody has seen: so many tokens for a character of each class. */
const rates = recordOf({
  letters: fc.double({ min: 0.1, max: 0.5, noNaN: true }),
  digits: fc.double({ min: 0.2, max: 1, noNaN: true }),
  spaces: fc.double({ min: 0, max: 0.5, noNaN: true }),
  marks: fc.double({ min: 0.2, max: 1, noNaN: true }),
  latin: fc.double({ min: 0.3, max: 2, noNaN: true }),
  cjk: fc.double({ min: 0.5, max: 2, noNaN: true }),
  others: fc.double({ min: 0.2, max: 2, noNaN: true }),
});
type Rates = typeof rates extends fc.Arbitrary<infer Value> ? Value : never;

const tokensBy = ({ letters, digits, spaces, marks, latin, cjk, others }: Rates, features: Features): number =>
  Math.ceil(
    [0, letters, digits, spaces, marks, latin, cjk, others].reduce(
      (sum, rate, index) => sum + rate * (features[index] ?? 0),
      0,
    ),
  );

const countsOf = (texts: readonly string[], by: Rates): TokenCount[] =>
  texts.map(text => ({ features: featuresOfText(text), tokens: tokensBy(by, featuresOfText(text)) }));

const summed = (counts: readonly TokenCount[]): { features: Features; tokens: number } =>
  counts.reduce(
    (sum, { features, tokens }) => ({ features: addFeatures(sum.features, features), tokens: sum.tokens + tokens }),
    {
      features: noFeatures,
      tokens: 0,
    },
  );

describe('tokenModel', () => {
  it('is within 1 % of whatever tokenizer it is, after a thousand counts', () => {
    const property = fc.property(rates, fc.nat(), (by, seed) => {
      const random = seededRandom(seed);
      const texts = Array.from({ length: 1_100 }, () => textOf(random));
      const model = tokenModel(sumCounts(noTokenSums, countsOf(texts.slice(0, 1_000), by)));
      const { features, tokens } = summed(countsOf(texts.slice(1_000), by));
      const { expected, deviation } = model.tokensOf(features);
      assert.ok(Math.abs(expected / tokens - 1) < 0.01, `${expected} for ${tokens}`);
      assert.ok(deviation / tokens < 0.01);
    });
    checkProperty(property, { runs: 20 });
  });

  it('stays as uncertain as before about what no count has told of', () => {
    const by = { letters: 0.25, digits: 0.3, spaces: 0.1, marks: 0.5, latin: 0.6, cjk: 0.75, others: 0.5 };
    const random = seededRandom(1);
    const english = countsOf(
      Array.from({ length: 1_000 }, () => textOf(random, ['etaoin shrdlu '])),
      by,
    );
    const [cold, learned] = [tokenModel(noTokenSums), tokenModel(sumCounts(noTokenSums, english))];
    const shareOf = (model: typeof cold, text: string): number => {
      const { expected, deviation } = model.tokensOf(featuresOfText(text.repeat(1_000)));
      return deviation / expected;
    };
    assert.ok(shareOf(learned, 'a rather common text. ') < shareOf(cold, 'a rather common text. ') / 2);
    assert.ok(shareOf(learned, '漢字') > 0.3);
  });

  it('does not depend on the order of the counts, nor on where they were summed', () => {
    const count = fc.record({ text: fc.string({ unit: 'binary', minLength: 1 }), tokens: fc.nat(1_000) });
    checkProperty(
      fc.property(fc.array(count, { minLength: 2 }), fc.nat(), (seen, at) => {
        const counts = seen.map(({ text, tokens }) => ({ features: featuresOfText(text), tokens }));
        const cut = at % counts.length;
        const apart = addTokenSums(
          sumCounts(noTokenSums, counts.slice(cut).reverse()),
          sumCounts(noTokenSums, counts.slice(0, cut)),
        );
        const probe = featuresOfText('A probe: 12 words, 漢字 and да.');
        const [one, two] = [tokenModel(sumCounts(noTokenSums, counts)), tokenModel(apart)].map(model =>
          model.tokensOf(probe),
        );
        assert.ok(
          one && two && Math.abs(one.expected - two.expected) < 1e-6 && Math.abs(one.deviation - two.deviation) < 1e-6,
        );
        assert.equal(apart.counts, counts.length);
      }),
    );
  });
});
