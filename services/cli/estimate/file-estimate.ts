import { buildRequest } from '#core/build-request.ts';
import type { Document } from '#core/document.ts';
import { bytesPerToken, type CostRange, estimateCost } from '#core/estimate.ts';
import { decimalDollars, type Nanodollars } from '#core/money.ts';
import { batchPriceShare, priceRows } from '#core/prices.ts';
import type { Recipe } from '#core/recipe.ts';
import { requestFacts } from '#runtime/routing.ts';

/** Models of one file that are told apart. */
const modelsMax = 50;

export interface ModelEstimate {
  documents: number;
  inputBytes: number;
  /** Sum of `max_tokens`: what answers may have at most. */
  outputTokensMax: number;
  /** As batches; null when the model's price is unknown. */
  cost: CostRange | null;
}

/** What a file will cost, summed over its documents. Memory does not grow with its length. */
export class FileEstimate {
  documents = 0;
  /** Lines that are no documents: they cost nothing. */
  rejected = 0;
  readonly models = new Map<string, ModelEstimate>();
  readonly #at: number;

  /** @param at the day whose prices hold, ms since the epoch */
  constructor(at: number) {
    this.#at = at;
  }

  add(document: Document, recipe: Recipe): void {
    this.documents += 1;
    const facts = requestFacts(document, recipe);
    const inputBytes = Buffer.byteLength(buildRequest(document.ask, recipe, { partition: 0, offset: 0, att: 0 }));
    const cost = estimateCost({ ...facts, inputBytes }, this.#at);
    const model = this.#modelOf(facts.model, cost !== null);
    model.documents += 1;
    model.inputBytes += inputBytes;
    model.outputTokensMax += facts.maxTokens;
    if (model.cost && cost) model.cost = addRanges(model.cost, cost);
  }

  reject(): void {
    this.rejected += 1;
  }

  /** As batches, of all documents whose price is known. */
  get batch(): CostRange {
    return [...this.models.values()].reduce((sum, { cost }) => (cost ? addRanges(sum, cost) : sum), nothing);
  }

  /** Documents whose price is unknown: in no sum, and never taken for free. */
  get unpriced(): { documents: number; models: string[] } {
    const unknown = [...this.models].filter(([, { cost }]) => cost === null);
    return {
      documents: unknown.reduce((sum, [, { documents }]) => sum + documents, 0),
      models: unknown.map(([model]) => model),
    };
  }

  #modelOf(name: string, isPriced: boolean): ModelEstimate {
    const known = this.models.get(name);
    if (known) return known;
    const key = this.models.size < modelsMax || isPriced ? name : 'others';
    const model = this.models.get(key) ?? {
      documents: 0,
      inputBytes: 0,
      outputTokensMax: 0,
      cost: isPriced ? nothing : null,
    };
    this.models.set(key, model);
    return model;
  }
}

const nothing: CostRange = { low: 0, expected: 0, high: 0 };

const addRanges = (a: CostRange, b: CostRange): CostRange => ({
  low: a.low + b.low,
  expected: a.expected + b.expected,
  high: a.high + b.high,
});

/** The same calls one by one. */
export const individually = (range: CostRange): CostRange => ({
  low: range.low / batchPriceShare,
  expected: range.expected / batchPriceShare,
  high: range.high / batchPriceShare,
});

/** Tokens of the requests, from their bytes. */
export const inputTokens = (bytes: number): CostRange => ({
  low: Math.ceil(bytes / bytesPerToken.low),
  expected: Math.ceil(bytes / bytesPerToken.expected),
  high: Math.ceil(bytes / bytesPerToken.high),
});

/** Day from which the newest price in the table holds. */
export const priceTableDate: string = priceRows.reduce((latest, { since }) => (since > latest ? since : latest), '');

/** The estimate for programs: dollars as decimal strings. */
export function estimateJson(estimate: FileEstimate): Record<string, unknown> {
  const { documents, rejected, models, batch, unpriced } = estimate;
  return {
    documents,
    rejected,
    batchUsd: dollars(batch),
    individuallyUsd: dollars(individually(batch)),
    unpriced,
    models: [...models].map(([model, { cost: own, inputBytes, outputTokensMax, documents: count }]) => ({
      model,
      documents: count,
      inputTokens: inputTokens(inputBytes),
      outputTokensMax,
      batchUsd: own && dollars(own),
    })),
    priceTableDate,
    confidence: 'input tokens are estimated from bytes, output tokens are bounded by max_tokens',
  };
}

const dollars = ({ low, expected, high }: CostRange): Record<keyof CostRange, string> => ({
  low: toText(low),
  expected: toText(expected),
  high: toText(high),
});

const toText = (amount: Nanodollars): string => decimalDollars(Math.round(amount));
