import { priceOf } from '../cost.ts';
import type { Money } from '../money.ts';
import { batchPriceShare } from '../prices.ts';
import { cacheTokensMin } from '../prompt-cache/cache-minimums.ts';
import { type AnswerGuess, answerTokens } from './answer-model.ts';
import { isCacheKnown, type MarkedBy } from './cache-model.ts';
import type { Calibration } from './calibration.ts';
import { estimateCache } from './estimate-cache.ts';
import type { PlannedSaving } from './planned-saving.ts';
import { addFeatures, type Features, noFeatures } from './text-features.ts';
import { inputTokensMin } from './token-bounds.ts';

/** Tokens or money. What is bought lies between `low` and `high` whatever was learned, unless tries are repeated. */
export interface Range {
  low: number;
  expected: number;
  high: number;
}

export type CostRange = Range;

export const noRange: Range = { low: 0, expected: 0, high: 0 };

export const addRanges = (a: Range, b: Range): Range => ({
  low: a.low + b.low,
  expected: a.expected + b.expected,
  high: a.high + b.high,
});

/**
 * The least that a batch item may cost, were it answered with one token and, where it is long enough for that, read from the
 * cache, by a marker of ours or of its producer; null when the model's price is unknown.
 * @param request.tokensMax more it cannot have
 */
export function lowestCost(
  { model, letters, tokensMax }: { model: string; letters: number; tokensMax: number },
  at: number,
): Money | null {
  const tokens = inputTokensMin(letters);
  const price = priceOf(model, { promptTokens: tokens, at });
  if (price === null) return null;
  const mayBeRead = tokensMax >= (cacheTokensMin(model) ?? 0);
  const perToken = mayBeRead ? Math.min(price.input, price.cacheRead) : price.input;
  return Math.floor((tokens * perToken + price.output) * batchPriceShare);
}

/** Requests that are estimated together: of one model, recipe, bound, length and hand that marks them. */
export interface RequestGroup {
  /** Whatever it is filed under. */
  name: string;
  model: string;
  /** As `answerKey` names it. */
  key: string;
  task: string | null;
  maxTokens: number;
  /** Of the list price: more than 1 for requests that must stay in one country. */
  priceFactor: number;
  guess: AnswerGuess;
  length: number;
  documents: number;
  features: Features;
  /** Tokens of the requests at least and at most. */
  bounds: { low: number; high: number };
  /**
   * The same in money, as batches: at most what INTENT reserves with the dearest markers, and primes;
   * and what it reserves when the planner sets none. Null when the model's price is unknown.
   */
  cost: { low: Money; high: Money; highUnmarked: Money } | null;
  /** Who marks them for the cache, as `cacheKey` names it; the share of their batches without markers; what the planner expects. */
  cache: { by: MarkedBy; key: string; holdBack: number; planned: PlannedSaving };
  /** Of them: whose tokens the provider has counted. */
  counted: { documents: number; features: Features; tokens: number };
}

export const noCounted: RequestGroup['counted'] = { documents: 0, features: noFeatures, tokens: 0 };

/** What a set of requests comes to. Expected values are not rounded. */
export interface Estimate {
  input: Range;
  output: Range;
  /** With what the cache is known to take off, and with primes; null when no price is known. */
  cost: Range | null;
  /** Without markers of ours, and without what any others save; null as above. */
  uncached: Range | null;
  /** Where the cost lies in nineteen of twenty files like this one, within its bounds. */
  likely: { low: Money; high: Money } | null;
}

/** Standard deviations to either side. */
const likelyDeviations = 2;

export function estimateGroups(
  groups: readonly RequestGroup[],
  { calibration, at }: { calibration: Calibration; at: number },
): Estimate {
  const alike = Map.groupBy(groups, ({ cache }) => cache.key);
  const documentsOf = (some: readonly RequestGroup[]): number =>
    some.reduce((sum, { documents }) => sum + documents, 0);
  const parts = groups.map(group =>
    estimateGroup(group, { calibration, at, ofDocuments: documentsOf(alike.get(group.cache.key) ?? [group]) }),
  );
  const sum = (of: (part: GroupEstimate) => Range | null): Range =>
    parts.reduce((total, part) => addRanges(total, of(part) ?? noRange), noRange);
  const cost = parts.some(part => part.cost) ? sum(part => part.cost) : null;
  const uncached = cost && sum(part => part.uncached);
  const [input, output] = [sum(part => part.input), sum(part => part.output)];
  return { input, output, cost, uncached, likely: likelyOf(parts, cost) };
}

interface GroupEstimate {
  key: string;
  model: string;
  input: Range;
  output: Range;
  cost: Range | null;
  uncached: Range | null;
  /** In money: of what is common to all answers of its key, and variance of what is each one's own. */
  doubt: number;
  variance: number;
  inputDoubt: number;
  cacheKey: string;
  cacheDoubt: number;
}

function estimateGroup(
  group: RequestGroup,
  { calibration, at, ofDocuments }: { calibration: Calibration; at: number; ofDocuments: number },
): GroupEstimate {
  const { documents, counted, maxTokens, bounds, model } = group;
  const tokens = calibration.tokensOf(model);
  const rest = tokens.tokensOf(
    addFeatures(
      group.features,
      counted.features.map(count => -count),
    ),
  );
  const inputExpected = clamp(counted.tokens + (documents > counted.documents ? rest.expected : 0), bounds);
  const { guess, length } = group;
  const like = calibration.likeAnswers(group);
  const answer = answerTokens(calibration.answersOf(group.key), { guess, like, length, tokens });
  const input = { ...bounds, expected: inputExpected };
  const output = { low: documents, expected: documents * answer.expected, high: documents * maxTokens };
  const price = priceOf(model, { promptTokens: inputExpected / Math.max(1, documents), at });
  const perToken = (column: number): number => column * batchPriceShare * group.priceFactor;
  const [inputPrice, outputPrice] = [perToken(price?.input ?? 0), perToken(price?.output ?? 0)];
  const uncached = inputExpected * inputPrice + output.expected * outputPrice;
  const cache = cacheEffect(group, { calibration, ofDocuments, inputPrice });
  // No more than all of it can be read.
  const savedMax = price ? inputExpected * inputPrice * (1 - price.cacheRead / price.input) : 0;
  const expected = uncached - Math.min(cache.saved, savedMax) + cache.primes;
  const bound = ({ low, high }: Omit<Range, 'expected'>, value: number): Range => ({
    low,
    expected: clamp(value, { low, high }),
    high,
  });
  return {
    key: group.key,
    model,
    input,
    output,
    cost: group.cost && bound(group.cost, expected),
    uncached: group.cost && bound({ ...group.cost, high: group.cost.highUnmarked }, uncached),
    doubt: documents * answer.doubt * outputPrice,
    variance: documents * (answer.spread * outputPrice) ** 2 + cache.variance,
    inputDoubt: documents > counted.documents ? rest.deviation * inputPrice : 0,
    cacheKey: cache.key,
    cacheDoubt: cache.doubt,
  };
}

interface CacheEffect {
  saved: Money;
  primes: Money;
  variance: number;
  doubt: Money;
  /** What its doubt is common to. */
  key: string;
}

/** As the bills of answers that were marked alike; before there are such, as the planner decides by. */
function cacheEffect(
  { model, documents, cache: { by, key, holdBack, planned } }: RequestGroup,
  asked: { calibration: Calibration; ofDocuments: number; inputPrice: number },
): CacheEffect {
  const { calibration, ofDocuments, inputPrice } = asked;
  const sums = calibration.cacheOf(key);
  if (!isCacheKnown(sums))
    return { saved: planned.saving, primes: 0, variance: 0, doubt: planned.doubt, key: `planned ${model}` };
  const isMarked = by === 'producer' || planned.hitRate !== null;
  const question = { documents, ofDocuments, holdBack, isMarked, isWarm: planned.isWarm };
  const { savedTokens, primes, variance, doubt } = estimateCache(sums, question);
  return {
    saved: savedTokens * inputPrice,
    primes,
    variance: variance * inputPrice ** 2,
    doubt: doubt * inputPrice,
    key,
  };
}

/** What groups do not know is the same for groups of one recipe, and for all of one model: there it adds up. */
function likelyOf(parts: readonly GroupEstimate[], cost: Range | null): Estimate['likely'] {
  if (!cost) return null;
  const common = (by: (part: GroupEstimate) => string, of: (part: GroupEstimate) => number): number =>
    [...Map.groupBy(parts, by).values()].reduce(
      (sum, alike) => sum + alike.reduce((all, part) => all + of(part), 0) ** 2,
      0,
    );
  const own = parts.reduce((sum, part) => sum + part.variance, 0);
  const variance =
    own +
    common(
      part => part.key,
      part => part.doubt,
    ) +
    common(
      part => part.model,
      part => part.inputDoubt,
    ) +
    common(
      part => part.cacheKey,
      part => part.cacheDoubt,
    );
  const reach = likelyDeviations * Math.sqrt(variance);
  return { low: clamp(cost.expected - reach, cost), high: clamp(cost.expected + reach, cost) };
}

const clamp = (value: number, { low, high }: { low: number; high: number }): number =>
  Math.min(high, Math.max(low, value));
