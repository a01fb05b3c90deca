import type { ItemCost } from '../cost.ts';
import { headerNames } from '../headers.ts';
import { parseDollars } from '../money.ts';
import { batchPriceShare } from '../prices.ts';
import { parseRid, type Rid } from '../rid.ts';

/** A result record as far as its answer can be given again. */
export interface ReusedAnswer {
  /** Whose purchase it was. */
  from: Rid;
  /** As the body names it; null when it does not. */
  model: string | null;
  output: unknown;
  body: unknown;
  /** The raised cap that it needed, in tokens, or null. */
  raisedMaxTokens: number | null;
  /** What the purchase cost, and would have cost by itself; null when the price is unknown. */
  cost: ItemCost | null;
}

/** How it stands with the answer that an item waits for. */
export type ReuseState =
  | { is: 'answered'; answer: ReusedAnswer }
  /** It may still come. */
  | { is: 'waiting' }
  /** It never comes, or too late: the document is bought. */
  | { is: 'gone' };

/**
 * The answer in a result record, if it is one to this very request: a hint has led to it, and the record itself decides.
 * @returns null when it answers another request, or has failed
 */
export function reusedAnswer(
  { value, headers }: { value: Uint8Array; headers: Readonly<Record<string, string>> },
  requestKey: string,
): ReusedAnswer | null {
  if (headers[headerNames.requestKey] !== requestKey || headers[headerNames.outcome] !== 'succeeded') return null;
  const reusedFrom = headers[headerNames.reusedFrom];
  const from = parseRid(reusedFrom ?? headers[headerNames.rid] ?? '');
  if (!from) return null;
  const {
    output,
    body,
    cost,
    raised_max_tokens: raised,
  } = JSON.parse(Buffer.from(value).toString('utf8')) as ResultFields;
  const individual = parseDollars(cost?.individual_usd ?? '');
  const billed = parseDollars(cost?.billed_usd ?? '');
  const model = (body as { model?: unknown } | null | undefined)?.model;
  return {
    from,
    model: typeof model === 'string' ? model : null,
    output,
    body: body ?? null,
    raisedMaxTokens: raised ?? null,
    cost: billed === null || individual === null ? null : purchaseOf({ billed, individual }, reusedFrom !== undefined),
  };
}

/** The record of an answer that was itself given again says that nothing was billed: it was bought as an item of a batch. */
const purchaseOf = ({ billed, individual }: ItemCost, wasReused: boolean): ItemCost => {
  return { individual, billed: wasReused ? individual * batchPriceShare : billed };
};

interface ResultFields {
  output?: unknown;
  body?: unknown;
  raised_max_tokens?: number;
  cost?: { billed_usd?: string; individual_usd?: string };
}
