import type { BatchRecord } from './batch-record.ts';
import { itemStart } from './batch-timing.ts';
import type { PlannedStart } from './cache-timeline.ts';
import { type Breakpoint, planPrompt } from './plan-prompt.ts';
import type { BatchItem } from './validate-envelope.ts';
import { validateParams } from './validate-params.ts';

const marker = '"cache_control"';

/** When the marked items of a batch start, and with which prefixes. Items without a marker cost a text search only. */
export function planStarts(record: BatchRecord, items: Iterable<BatchItem>, seed: number): PlannedStart[] {
  const starts: PlannedStart[] = [];
  const known = new Map<string, Breakpoint[]>();
  let index = 0;
  for (const { params } of items) {
    const valid = params.includes(marker) ? validated(params, record) : null;
    if (valid?.status === 'valid') {
      const { inputTokens, breakpoints } = planPrompt(valid.params);
      const shared = interned(known, breakpoints);
      const plan = { inputTokens, breakpoints: shared };
      const startsAt = itemStart(record, index, seed);
      if (shared.length > 0) starts.push({ index, startsAt, plan, tokensMin: valid.model.cacheTokensMin });
    }
    index += 1;
  }
  return starts;
}

function validated(params: string, { version }: BatchRecord) {
  try {
    return validateParams({ params: JSON.parse(params), version, isBatch: true });
  } catch {
    return null;
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
