import { z } from 'zod';
import type { ServiceTier, SummedUsage } from '#core/reconcile/reported-usage.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';

const tokens = z.int().nonnegative();

/** As little of the provider's object as is used. A field of money that is missing must not be taken for none. */
const pageSchema = z.object({
  data: z.array(
    z.object({
      starting_at: z.string(),
      results: z.array(
        z.object({
          uncached_input_tokens: tokens,
          cache_read_input_tokens: tokens,
          cache_creation: z.object({ ephemeral_1h_input_tokens: tokens, ephemeral_5m_input_tokens: tokens }),
          output_tokens: tokens,
          model: z.string().nullable(),
          service_tier: z.string().nullable(),
          inference_geo: z.string().nullish(),
        }),
      ),
    }),
  ),
  has_more: z.boolean(),
  next_page: z.string().nullish(),
});

type Result = z.output<typeof pageSchema>['data'][number]['results'][number];

export interface UsagePage {
  summed: SummedUsage[];
  /** Null on the last one. */
  nextPage: string | null;
}

/** @throws FlotillaError provider-unavailable when it is not a page of the usage report */
export function readUsagePage(value: unknown): UsagePage {
  const parsed = pageSchema.safeParse(value);
  if (!parsed.success) throw unexpected(`the reply is not a usage report: ${z.prettifyError(parsed.error)}`);
  const { data, has_more: hasMore, next_page: nextPage } = parsed.data;
  if (hasMore && !nextPage) throw unexpected('the report has more pages but does not say where');
  const summed = data.flatMap(({ starting_at: startingAt, results }) => {
    const at = Date.parse(startingAt);
    if (Number.isNaN(at)) throw unexpected('a bucket of the report does not say when it starts');
    return results.flatMap(result => summedOf(result, at));
  });
  return { summed, nextPage: hasMore ? (nextPage as string) : null };
}

/** What the fleet never asks for (priority, flex) is of somebody else, at prices of its own. */
function summedOf(result: Result, at: number): SummedUsage[] {
  const { model, service_tier: tier, inference_geo: geo } = result;
  if (!isTier(tier)) return [];
  if (model === null) throw unexpected('the report was to be grouped by model, and is not');
  const usage = {
    input: result.uncached_input_tokens,
    output: result.output_tokens,
    cacheRead: result.cache_read_input_tokens,
    cacheWrite5m: result.cache_creation.ephemeral_5m_input_tokens,
    cacheWrite1h: result.cache_creation.ephemeral_1h_input_tokens,
  };
  return [{ at, model, tier, isUsOnly: geo === 'us', usage }];
}

const isTier = (tier: string | null): tier is ServiceTier => tier === 'batch' || tier === 'standard';

const unexpected = (why: string): FlotillaError =>
  new FlotillaError('provider-unavailable', { why, isRetryable: true });
