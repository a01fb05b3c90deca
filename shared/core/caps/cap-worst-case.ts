import { addFields } from '../add-fields.ts';
import { dearestPrice } from '../cost.ts';
import { inputTokensMax } from '../estimate/token-bounds.ts';
import type { Money } from '../money.ts';
import { billedAt } from '../prices.ts';
import { type CachePlan, type CacheTtl, marksSent } from '../prompt-cache/cache-plan.ts';

/**
 * At worst of what is sent in a batch, by the dearest cache entry that its markers may write: `none` without
 * markers, else all of its input at the price of a write.
 */
export type WorstCost = Readonly<Record<MarkerTtl, Money>>;

export type MarkerTtl = 'none' | CacheTtl;

export interface WorstCostRequest {
  model: string;
  maxTokens: number;
  /** JSON text of the request. A marker that its producer set counts whatever is planned. */
  body: string;
  /** It consists of texts (`isPlainText`): no producer's marker, picture or tool can be in it. */
  isText?: boolean;
}

/**
 * The worst case of one batch item, as INTENT reserves it: a true upper bound, so nothing that was learned goes into it; null
 * when the model's price is unknown.
 */
export function worstCost(request: WorstCostRequest, at: number): WorstCost | null {
  const { model, maxTokens, body, isText = false } = request;
  const promptTokens = inputTokensMax(body, request);
  const price = dearestPrice(model, { promptTokens, at });
  if (price === null) return null;
  const terms = { isBatch: true, isUsOnly: !isText && body.includes('"inference_geo":"us"') };
  const plain = billedAt(promptTokens * price.input + maxTokens * price.output, terms);
  const written = (perToken: Money): Money =>
    plain + billedAt(promptTokens * Math.max(0, perToken - price.input), terms);
  const byMarker = { none: plain, '5m': written(price.cacheWrite5m), '1h': written(price.cacheWrite1h) };
  const own = isText ? 'none' : ownTtl(body);
  return own === 'none' ? byMarker : { none: byMarker[own], '5m': byMarker[own], '1h': byMarker['1h'] };
}

export const addWorst = addFields<WorstCost>;

/** The dearest marker of a plan. */
export function planTtl(plan: CachePlan | null | undefined): MarkerTtl {
  const ttls = marksSent(plan).map(({ ttl }) => ttl);
  return ttls.includes('1h') ? '1h' : ttls.includes('5m') ? '5m' : 'none';
}

/** Of text that only looks like a marker: reserved too much, and released when it is settled. */
function ownTtl(body: string): MarkerTtl {
  // The underscore first: it is rare, and a quote is not.
  if (!body.includes('_control"') || !body.includes('"cache_control"')) return 'none';
  return /"ttl"\s*:\s*"1h"/.test(body) ? '1h' : '5m';
}
