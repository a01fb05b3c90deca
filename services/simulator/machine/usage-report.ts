import { type InvoiceRow, usageOfRow } from './invoice.ts';
import { findModel } from './models.ts';
import { workspaceId } from './owner.ts';
import { priceUsage } from './price-usage.ts';

export const bucketWidths = { '1m': 60_000, '1h': 3_600_000, '1d': 86_400_000 } as const;
export type BucketWidth = keyof typeof bucketWidths;

export interface UsageReportQuery {
  /** Ms since the epoch; snapped to the bucket that it lies in. */
  startingAt: number;
  /** Buckets end at or before it. */
  endingAt: number;
  bucketWidth: BucketWidth;
  /** Empty: all of them. */
  workspaceIds: readonly string[];
  apiKeyIds: readonly string[];
}

export interface UsageBucket {
  startingAt: number;
  endingAt: number;
  results: UsageResult[];
}

/** Tokens of one workspace, key, model, tier and place. */
export interface UsageResult {
  workspaceId: string;
  apiKeyId: string;
  model: string;
  serviceTier: 'batch' | 'standard';
  inferenceGeo: 'us' | 'global';
  uncachedInputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
}

/** Billed rows in buckets of when they were executed, empty buckets included. */
export function usageBuckets(rows: Iterable<InvoiceRow>, query: UsageReportQuery): UsageBucket[] {
  const width = bucketWidths[query.bucketWidth];
  const first = Math.floor(query.startingAt / width) * width;
  const count = Math.max(0, Math.floor((query.endingAt - first) / width));
  const buckets = Array.from({ length: count }, (_, index): UsageBucket & { sums: Map<string, UsageResult> } => {
    const startingAt = first + index * width;
    return { startingAt, endingAt: startingAt + width, results: [], sums: new Map() };
  });
  for (const row of rows) {
    const bucket = buckets[Math.floor((row.at - first) / width)];
    if (bucket && isAskedFor(row, query)) addRow(bucket.sums, row);
  }
  return buckets.map(({ sums, ...bucket }) => ({ ...bucket, results: [...sums.values()] }));
}

/** Whoever shares the workspace has a key of its own. */
const apiKeyIdOf = ({ workspace, isForeign }: InvoiceRow): string => `apikey_${workspace}${isForeign ? '_other' : ''}`;

function isAskedFor(row: InvoiceRow, { workspaceIds, apiKeyIds }: UsageReportQuery): boolean {
  const isOf = (ids: readonly string[], id: string): boolean => ids.length === 0 || ids.includes(id);
  return isOf(workspaceIds, workspaceId(row.workspace)) && isOf(apiKeyIds, apiKeyIdOf(row));
}

function addRow(sums: Map<string, UsageResult>, row: InvoiceRow): void {
  const names = {
    workspaceId: workspaceId(row.workspace),
    apiKeyId: apiKeyIdOf(row),
    model: row.model,
    serviceTier: row.batchId === null ? ('standard' as const) : ('batch' as const),
    inferenceGeo: isUsOnly(row) ? ('us' as const) : ('global' as const),
  };
  const key = Object.values(names).join(' ');
  const sum = sums.get(key) ?? {
    ...names,
    uncachedInputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
  };
  sums.set(key, sum);
  sum.uncachedInputTokens += row.inputTokens;
  sum.outputTokens += row.outputTokens;
  sum.cacheReadTokens += row.cacheReadTokens;
  sum.cacheWrite5mTokens += row.cacheWrite5mTokens;
  sum.cacheWrite1hTokens += row.cacheWrite1hTokens;
}

/** Told by the nearer of its two prices: the invoice has no column for it, and earlier programs rounded to a nanodollar. */
function isUsOnly(row: InvoiceRow): boolean {
  const model = findModel(row.model);
  const usage = usageOfRow(row);
  const isBatch = row.batchId !== null;
  if (model === undefined) return false;
  const off = (isUsOnly: boolean): number =>
    Math.abs(row.costPicoDollars - priceUsage({ model, usage, isBatch, isUsOnly }));
  return off(true) < off(false);
}
