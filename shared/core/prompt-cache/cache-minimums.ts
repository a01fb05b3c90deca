import { bytesPerTokenUsual } from '../limits.ts';
import { canonicalModel } from '../prices.ts';

/**
 * The shortest prefix that a model caches, in tokens up to the marker: below it a marker does nothing and says nothing.
 * Source: the provider's page on prompt caching, read 2026-08-22, and its model pages up to 2026-10.
 */
const tokensMinByModel: ReadonlyMap<string, number> = new Map([
  ...['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-opus-5'].map(model => [model, 512] as const),
  ...['claude-fable-5-2', 'claude-fable-5-1', 'claude-fable-5'].map(model => [model, 512] as const),
  ...['claude-opus-4-8', 'claude-sonnet-5', 'claude-sonnet-4-6', 'claude-sonnet-4-5'].map(
    model => [model, 1_024] as const,
  ),
  ['claude-opus-4-7', 2_048],
  ...['claude-opus-4-6', 'claude-opus-4-5', 'claude-haiku-4-5'].map(model => [model, 4_096] as const),
]);

/** @returns null for a model that is not in the table: nothing is marked there */
export const cacheTokensMin = (model: string): number | null => tokensMinByModel.get(canonicalModel(model)) ?? null;

/**
 * Whether the planner could find a prefix long enough in a request: it takes every block for so many tokens, and what stands around
 * a block in the request's JSON is more than what is rounded up there.
 * @param bytes of the request's JSON
 */
export const mayBeMarked = (model: string, bytes: number): boolean =>
  bytes / bytesPerTokenUsual >= (cacheTokensMin(model) ?? Infinity);

/** Markers a request may have, those of its producer included. */
export const marksMax = 4;

/** Positions, its own included, at which a marker finds an earlier entry. */
export const lookBackPositions = 20;

/** From the start of the request that wrote or last read an entry. */
export const cacheTtlMs = { '5m': 300_000, '1h': 3_600_000 } as const;
