import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { worstCost } from '../caps/cap-worst-case.ts';
import { fromNanodollars } from '../money.ts';
import { priceRows } from '../prices.ts';
import { asIsRecipe } from '../recipe.ts';
import { guessAnswer, lengthClass } from './answer-model.ts';
import { cacheKey, noCacheBill } from './cache-model.ts';
import { answerKey, calibrate, coldCalibration, type SeenAnswer } from './calibration.ts';
import { estimateGroups, lowestCost, noCounted, type RequestGroup } from './estimate.ts';
import { featuresOf, lettersOf } from './text-features.ts';
import { inputTokensMax, inputTokensMin } from './token-bounds.ts';

const at = Date.UTC(2026, 10, 15);
const haiku = 'claude-haiku-4-5';
const models = fc.constantFrom(...new Set(priceRows.map(row => row.model)));

const cacheKeyOf = (model: string): string => cacheKey('planner', { key: model, length: 8, isAsIs: true });

interface Asked {
  model: string;
  text: string;
  maxTokens: number;
  /** What the planner expects to save. */
  saving?: number;
}

/** One request, as a group of its own. */
function groupOf({ model, text, maxTokens, saving = 0 }: Asked): RequestGroup {
  const body = JSON.stringify({ model, max_tokens: maxTokens, messages: [{ role: 'user', content: text }] });
  const features = featuresOf(body);
  const letters = lettersOf(features);
  const [low, high] = [
    lowestCost({ model, letters, tokensMax: inputTokensMax(body) }, at),
    worstCost({ model, maxTokens, body }, at),
  ];
  return {
    name: 'one',
    model,
    key: answerKey({ recipe: null, model, maxTokens }),
    task: null,
    maxTokens,
    priceFactor: 1,
    guess: guessAnswer(asIsRecipe, maxTokens),
    length: lengthClass(Buffer.byteLength(body)),
    documents: 1,
    features,
    bounds: { low: inputTokensMin(letters), high: inputTokensMax(body) },
    cost: low === null || high === null ? null : { low, high: high.none, highUnmarked: high.none },
    cache: {
      by: 'planner',
      key: cacheKeyOf(model),
      holdBack: 0.02,
      planned: { saving, doubt: 9, hitRate: 0.5, isWarm: false },
    },
    counted: noCounted,
  };
}

/** Of batches large enough to be believed, read and written and worse. */
const seenCaches = fc
  .tuple(models, fc.integer({ min: 0, max: 3 }), fc.integer({ min: -100_000, max: 100_000 }), fc.nat(1_000_000))
  .map(([model, batch, savedTokens, primes]) => {
    const bill = { ...noCacheBill, answers: 20, inputTokens: 100_000, savedTokens, primes };
    return { key: cacheKeyOf(model), bk: `b${batch}`, isFirst: batch < 2, bill };
  });

const requests = recordOf({
  model: models,
  text: fc.string({ unit: 'binary', maxLength: 500 }),
  maxTokens: fc.integer({ min: 1, max: 64_000 }),
  saving: fc.integer({ min: -1_000_000, max: 1_000_000 }),
});

describe('estimateGroups', () => {
  it('is a range: low ≤ likely ≤ high, whatever was learned', () => {
    const answer = recordOf<Pick<SeenAnswer, 'inputTokens' | 'outputTokens' | 'cache'> & { text: string }>({
      text: fc.string({ unit: 'binary' }),
      inputTokens: fc.nat(100_000),
      outputTokens: fc.nat(100_000),
      cache: fc.option(seenCaches),
    });
    checkProperty(
      fc.property(fc.array(requests, { minLength: 1, maxLength: 5 }), fc.array(answer), (asked, answers) => {
        const groups = asked.map(groupOf);
        const calibration = calibrate(
          answers.map(({ text, inputTokens, outputTokens, cache }) => {
            const { model, key, features } = groupOf({ model: haiku, text, maxTokens: 10 });
            return { model, key, task: null, features, bytes: text.length, inputTokens, outputTokens, cache };
          }),
        );
        const { input, output, cost, likely, uncached } = estimateGroups(groups, { calibration, at });
        for (const range of [input, output, cost, uncached])
          assert.ok(range && range.low <= range.expected && range.expected <= range.high);
        assert.ok(cost && likely && cost.low <= likely.low && likely.low <= cost.expected);
        assert.ok(likely.high <= cost.high && cost.expected <= likely.high);
      }),
    );
  });

  it('S5: its high is what INTENT reserves, all of max_tokens included', () => {
    const group = groupOf({ model: haiku, text: 'Say hello.', maxTokens: 1_000 });
    const { cost, output } = estimateGroups([group], { calibration: coldCalibration, at });
    assert.equal(cost?.high, fromNanodollars((group.bounds.high * 1_000 + 1_000 * 5_000) / 2));
    assert.equal(output.high, 1_000);
  });

  it('takes the provider at its word for what it has counted', () => {
    const group = groupOf({ model: haiku, text: 'Say hello.', maxTokens: 1_000 });
    const counted = { ...group, counted: { documents: 1, features: group.features, tokens: 17 } };
    assert.equal(estimateGroups([counted], { calibration: coldCalibration, at }).input.expected, 17);
  });

  it('has no cost where no price is known', () => {
    const group = groupOf({ model: 'unheard-of', text: 'x', maxTokens: 1 });
    const { cost, likely, input } = estimateGroups([group], { calibration: coldCalibration, at });
    assert.deepEqual([cost, likely], [null, null]);
    assert.ok(input.expected > 0);
  });
});
