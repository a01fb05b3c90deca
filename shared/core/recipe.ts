import { hash } from 'node:crypto';

/**
 * A task frozen when a batch is sealed: everything a request and its outcome depend on beside the document. Named by its
 * content, so a changed configuration makes another recipe and never changes a batch that is on its way.
 */
export interface Recipe {
  v: 1;
  /** The task's name, or null for provider-shaped documents, which run as they are. */
  task: string | null;
  provider: 'anthropic';
  model: string | null;
  instructions: string | null;
  maxTokens: number | null;
  /** JSON Schema of the answer, or null for text. */
  outputSchema: Readonly<Record<string, unknown>> | null;
  /** A code per item that the answer has to repeat: only so can answers swapped by the provider be told. */
  canary: boolean;
  retry: RetryPolicy;
  /** Most that a raised cap may come to; absent: what the model allows. */
  maxTokensMax?: number;
  /** Of a second try after an answer that was cut; absent: of every other. */
  raised?: RaisedCap;
  /** Answers may be given again to documents with the same request; absent: each document is bought. */
  reusable?: true;
}

/**
 * What a second try after a cut answer may ask for, frozen in its recipe: the request stays a pure function of document
 * and recipe, whoever builds it and however often.
 */
export interface RaisedCap {
  /** Times what the first try asked for, */
  factor: number;
  /** and never more than this. */
  tokensMax: number;
}

export interface RetryPolicy {
  /** Wait before the first, second and third retry; more are not made. */
  delaysMs: readonly number[];
  /** Share by which a wait is lengthened or shortened, by a hash of the item. */
  jitter: number;
}

export const retryPolicyDefault: RetryPolicy = { delaysMs: [10_000, 30_000, 90_000], jitter: 0.2 };

/** The recipe of documents that carry the provider's own parameters. */
export const asIsRecipe: Recipe = {
  v: 1,
  task: null,
  provider: 'anthropic',
  model: null,
  instructions: null,
  maxTokens: null,
  outputSchema: null,
  canary: false,
  retry: retryPolicyDefault,
};

/** 16 hex characters of SHA-256 over its text. */
export const recipeHash = (recipe: Recipe): string => hash('sha256', recipeText(recipe)).slice(0, 16);

/**
 * Equal recipes, equal text. The keys of an output schema stay in their order: a model answers in it, and a request has to be the
 * same byte for byte whoever builds it.
 */
export function recipeText(recipe: Recipe): string {
  const ordered = JSON.parse(canonicalJson(recipe)) as Recipe;
  return JSON.stringify({ ...ordered, outputSchema: recipe.outputSchema });
}

/** The same for recipes that ask the same question, whatever answers may cost: how long answers are does not depend on it. */
export function recipeFamily(recipe: Recipe): string {
  const { maxTokensMax: _, raised: __, reusable: ___, ...question } = recipe;
  return recipeHash({ ...question, maxTokens: null, retry: retryPolicyDefault });
}

/** JSON with the keys of every object in order: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
