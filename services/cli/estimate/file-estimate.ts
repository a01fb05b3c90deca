import { buildRequest } from '#core/build-request.ts';
import { worstCost } from '#core/caps/cap-worst-case.ts';
import type { Document } from '#core/document.ts';
import { guessAnswer, lengthClass } from '#core/estimate/answer-model.ts';
import { cacheKey, type MarkedBy } from '#core/estimate/cache-model.ts';
import { answerKey } from '#core/estimate/calibration.ts';
import { lowestCost, noCounted, type RequestGroup } from '#core/estimate/estimate.ts';
import { noSaving } from '#core/estimate/planned-saving.ts';
import { addFeatures, type Features, featuresOf, lettersOf, noFeatures } from '#core/estimate/text-features.ts';
import { inputTokensMax, inputTokensMin } from '#core/estimate/token-bounds.ts';
import type { Money } from '#core/money.ts';
import { usOnlyFactor } from '#core/prices.ts';
import type { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { mayBeMarked } from '#core/prompt-cache/cache-minimums.ts';
import { cacheModeDoes } from '#core/prompt-cache/cache-plan.ts';
import { primeCostMax } from '#core/prompt-cache/primes.ts';
import { hasOwnMarkers } from '#core/prompt-cache/prompt-blocks.ts';
import { asIsRecipe, type Recipe, recipeHash } from '#core/recipe.ts';
import { requestFacts } from '#runtime/routing.ts';
import type { LaneSource } from '../cache/lane-source.ts';
import { PlannedCache } from './planned-cache.ts';
import { RequestSample, type SampledRequest } from './request-sample.ts';

/** Models of one file that are told apart. */
const modelsMax = 50;
/** Groups of one file; in what is beyond them, answers are taken to be alike. */
const groupsMax = 5_000;

/** Sampled requests that may share batches for which the planner is on. */
export interface SampledLane {
  itemsMax: number;
  /** All of its documents in the file. */
  documents: number;
  requests: readonly SampledRequest[];
}

/** What a file asks for, summed over its documents. Memory does not grow with its length. */
export class FileEstimate {
  documents = 0;
  /** Lines that are no documents: they cost nothing. */
  rejected = 0;
  /** Some of the requests, for a provider that counts their tokens. */
  readonly sample: RequestSample;
  readonly #groups = new Map<string, RequestGroup>();
  readonly #models = new Set<string>();
  readonly #planned = new PlannedCache();
  readonly #hashes = new WeakMap<Recipe, string>();
  readonly #at: number;

  /**
   * @param at the day whose prices hold, ms since the epoch
   * @param sampleMax requests that are kept to be counted
   */
  constructor(at: number, sampleMax = 0) {
    this.#at = at;
    this.sample = new RequestSample(sampleMax);
  }

  get at(): number {
    return this.#at;
  }

  add(document: Document, source: LaneSource): void {
    const { recipe } = source;
    const { model, maxTokens, isText } = requestFacts(document, recipe);
    const body = buildRequest(document.ask, recipe, { partition: 0, offset: this.documents, att: 0 });
    const features = featuresOf(body);
    const bytes = Buffer.byteLength(body);
    const worst = worstCost({ model, maxTokens, body, isText }, this.#at);
    const [letters, tokensMax] = [lettersOf(features), inputTokensMax(body, { isText })];
    const isGiven = recipe.reusable === true && document.mayReuse !== false; // it may be, and then it costs nothing
    const least = isGiven ? 0 : lowestCost({ model, letters, tokensMax }, this.#at);
    const by =
      !isText && hasOwnMarkers(body) ? 'producer' : cacheModeDoes[source.policy.mode].marks ? 'planner' : 'nobody';
    const name = this.#groupOf(document, { source, model, maxTokens, bytes, by, isPriced: worst !== null });
    const isMarkable = by === 'planner' && mayBeMarked(model, bytes);
    if (by === 'planner') {
      const primeMax = isMarkable ? (primeCostMax({ model, body, tokensMax }, this.#at) ?? 0) : 0;
      this.#planned.add(document, source, { group: name, model, bytes, primeMax });
    }
    const group = this.#groups.get(name) as RequestGroup;
    group.documents += 1;
    group.features = addFeatures(group.features, features);
    group.bounds.low += inputTokensMin(letters);
    group.bounds.high += tokensMax;
    if (group.cost && worst && least !== null) {
      group.cost.low += least;
      // The planner may set an hour on any of them: then INTENT reserves the price of a write.
      group.cost.high += isMarkable ? worst['1h'] : worst.none;
      group.cost.highUnmarked += worst.none;
    }
    this.sample.offer({ ordinal: this.documents, group: name, body, features });
    this.documents += 1;
  }

  reject(): void {
    this.rejected += 1;
  }

  /** What the provider has counted of the sample. */
  counted(group: string, { features, tokens }: { features: Features; tokens: number }): void {
    const found = this.#groups.get(group);
    if (!found) return;
    const { counted } = found;
    found.counted = {
      documents: counted.documents + 1,
      features: addFeatures(counted.features, features),
      tokens: counted.tokens + tokens,
    };
  }

  /** Their costs are with what primes may cost at most. */
  get groups(): readonly RequestGroup[] {
    return [...this.#groups.values()].map(group => {
      const primes = this.#planned.primesMax(group);
      return group.cost && primes > 0 ? { ...group, cost: { ...group.cost, high: group.cost.high + primes } } : group;
    });
  }

  get sampledLanes(): readonly SampledLane[] {
    const lanes = new Map<string, SampledLane & { requests: SampledRequest[] }>();
    for (const request of this.sample.requests) {
      const found = this.#planned.laneOf(request.group);
      if (!found) continue;
      const { name, ...lane } = found;
      const known = lanes.get(name) ?? { ...lane, requests: [] };
      known.requests.push(request);
      lanes.set(name, known);
    }
    return [...lanes.values()];
  }

  /** The same, with what the planner expects of the cache by these lessons. */
  plannedBy(lessons: CacheLessons): readonly RequestGroup[] {
    const { groups } = this;
    const savings = this.#planned.savings(groups, { lessons, at: this.#at });
    return groups.map(group => ({ ...group, cache: { ...group.cache, planned: savings.get(group.name) ?? noSaving } }));
  }

  /** What all documents whose price is known cost at least. */
  get costMin(): Money {
    return this.groups.reduce((sum, { cost }) => sum + (cost?.low ?? 0), 0);
  }

  /** Documents whose price is unknown: in no sum, and never taken for free. */
  get unpriced(): { documents: number; models: string[] } {
    const unknown = this.groups.filter(({ cost }) => cost === null);
    return {
      documents: unknown.reduce((sum, { documents }) => sum + documents, 0),
      models: [...new Set(unknown.map(({ model }) => model))],
    };
  }

  #groupOf(
    { ask }: Document,
    asked: { source: LaneSource; model: string; maxTokens: number; bytes: number; by: MarkedBy; isPriced: boolean },
  ): string {
    const { source, maxTokens, by, isPriced } = asked;
    const { recipe, policy } = source;
    const isAsIs = ask.shape === 'as-is';
    const isKnown = isPriced || this.#models.has(asked.model) || this.#models.size < modelsMax;
    const model = isKnown ? asked.model : 'others';
    this.#models.add(model);
    const key = answerKey({ recipe: isAsIs ? null : this.#hashOf(recipe), model, maxTokens });
    const length = lengthClass(asked.bytes);
    const isUsOnly = isAsIs && ask.params.inference_geo === 'us';
    const priceFactor = isUsOnly ? usOnlyFactor : 1;
    const exact = JSON.stringify([model, key, length, priceFactor, by]);
    const name = this.#groups.has(exact) || this.#groups.size < groupsMax ? exact : JSON.stringify([model]);
    if (!this.#groups.has(name)) {
      const guess = guessAnswer(isAsIs ? schemaOf(ask.params) : recipe, maxTokens);
      const bounds = { low: 0, high: 0 };
      const cost = isPriced ? { low: 0, high: 0, highUnmarked: 0 } : null;
      const holdBack = by === 'planner' ? policy.holdBack : 0;
      const cache = { by, key: cacheKey(by, { key, length, isAsIs }), holdBack, planned: noSaving };
      const sums = { documents: 0, features: noFeatures, bounds, cost, counted: noCounted };
      this.#groups.set(name, {
        name,
        model,
        key,
        task: isAsIs ? null : recipe.task,
        priceFactor,
        maxTokens,
        guess,
        length,
        cache,
        ...sums,
      });
    }
    return name;
  }

  #hashOf(recipe: Recipe): string {
    const known = this.#hashes.get(recipe) ?? recipeHash(recipe);
    this.#hashes.set(recipe, known);
    return known;
  }
}

/** What provider parameters say of the answer. */
function schemaOf(params: Readonly<Record<string, unknown>>): Pick<Recipe, 'outputSchema' | 'instructions'> {
  const { format } = (params.output_config ?? {}) as { format?: { schema?: Recipe['outputSchema'] } };
  return { ...asIsRecipe, outputSchema: format?.schema ?? null };
}
