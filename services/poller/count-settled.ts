import { type Money, toNanodollars } from '#core/money.ts';
import { addToTallies, noTallies } from '#core/prompt-cache/cache-effect.ts';
import type { Settlement } from '#core/settle/settle-batch.ts';
import type { Spend } from '#core/spend.ts';
import type { Telemetry } from '#ports/telemetry.ts';

/** Counts what one committed settle has written: by items, causes, tokens and money. */
export function countSettled(telemetry: Telemetry, { settled, terminals, missing }: Settlement): void {
  const { done, dead, retry, usage, cost, individualCost } = settled;
  telemetry.count('flotilla_settled_total', done.length, { outcome: 'succeeded' });
  telemetry.count('flotilla_settled_total', dead.length, { outcome: 'dead' });
  for (const { failure } of terminals) {
    if (failure) telemetry.count('flotilla_dead_letters_total', 1, { cause: failure.cause });
  }
  for (const { cause } of retry) telemetry.count('flotilla_retries_total', 1, { cause });
  for (const [kind, tokens] of Object.entries(tokensByKind(usage))) {
    if (tokens > 0) telemetry.count('flotilla_tokens_total', tokens, { kind });
  }
  if (cost !== null) telemetry.count('flotilla_spent_nanodollars_total', toNanodollars(cost));
  if (settled.spend) telemetry.count('flotilla_uncached_nanodollars_total', toNanodollars(uncachedOf(settled.spend)));
  for (const [use, { items, hits }] of Object.entries(addToTallies(noTallies, settled))) {
    if (hits > 0) telemetry.count('flotilla_cache_items_total', hits, { use, read: 'hit' });
    if (items > hits) telemetry.count('flotilla_cache_items_total', items - hits, { use, read: 'miss' });
  }
  if (individualCost !== null) telemetry.count('flotilla_individual_nanodollars_total', toNanodollars(individualCost));
  if (missing > 0) telemetry.count('flotilla_lost_lines_total', missing);
}

const uncachedOf = ({ rows }: Spend): Money => rows.reduce((sum, { uncached }) => sum + uncached, 0);

const tokensByKind = (usage: Settlement['settled']['usage']): Record<string, number> => ({
  input: usage.input,
  output: usage.output,
  'cache-read': usage.cacheRead,
  'cache-write-5m': usage.cacheWrite5m,
  'cache-write-1h': usage.cacheWrite1h,
});
