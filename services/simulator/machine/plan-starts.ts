import type { BatchRecord } from './batch-record.ts';
import { itemStart } from './batch-timing.ts';
import type { PlannedStart } from './cache-timeline.ts';
import { type Breakpoint, planPrompt } from './plan-prompt.ts';
import { drawUnit } from './seeded-random.ts';
import type { BatchItem } from './validate-envelope.ts';
import { validateParams } from './validate-params.ts';

const marker = '"cache_control"';

/** When the marked items of a batch start, and with which prefixes. Items without a marker cost a text search only. */
export function planStarts(
  record: BatchRecord,
  items: Iterable<BatchItem>,
  { seed, cacheHitShare }: { seed: number; cacheHitShare: number },
): PlannedStart[] {
  const starts: PlannedStart[] = [];
  const known = new Map<string, Breakpoint[]>();
  let index = 0;
  for (const { params } of items) {
    const planned = params.includes(marker) ? planMarked(params, record) : null;
    if (planned) {
      const plan = { ...planned.plan, breakpoints: interned(known, planned.plan.breakpoints) };
      const isMissed = missesCache(seed, cacheHitShare, record.seq, index);
      starts.push({ index, startsAt: itemStart(record, index, seed), plan, tokensMin: planned.tokensMin, isMissed });
    }
    index += 1;
  }
  return starts;
}

/** Drawn by batch and item, or by synchronous call: the same at whatever share, for those that miss at a greater one. */
export const missesCache = (seed: number, hitShare: number, ...key: readonly (number | string)[]): boolean =>
  hitShare < 1 && drawUnit(seed, 'cache-hit', ...key) >= hitShare;

/** Null for an item that will be an errored line: it never reaches the cache. */
function planMarked(text: string, { version }: BatchRecord) {
  try {
    const valid = validateParams({ params: JSON.parse(text), version, isBatch: true });
    if (valid.status === 'invalid') return null;
    const plan = planPrompt(valid.params);
    return plan.breakpoints.length > 0 ? { plan, tokensMin: valid.model.cacheTokensMin } : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

/** The items of a lane share their prefix: one copy of it stays in memory while the batch runs. */
function interned(known: Map<string, Breakpoint[]>, breakpoints: Breakpoint[]): Breakpoint[] {
  const key = breakpoints.map(({ ttl, positions }) => `${ttl}${positions[0]?.key}`).join();
  const shared = known.get(key);
  if (shared) return shared;
  known.set(key, breakpoints);
  return breakpoints;
}
