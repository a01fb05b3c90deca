import type { PromptPlan } from './plan-prompt.ts';
import { type CacheTimes, type CacheUsage, PromptCache } from './prompt-cache.ts';

export interface PlannedStart {
  index: number;
  startsAt: number;
  plan: PromptPlan;
  tokensMin: number;
  isMissed: boolean;
}

interface RunningBatch {
  seq: number;
  workspace: string;
  /** In order of `startsAt`. */
  starts: PlannedStart[];
  next: number;
}

/**
 * Runs the marked items of all batches against their workspace's cache in the order in which they start, because who
 * comes first pays for the write. Only items with markers are here; the rest touches no cache.
 */
export class CacheTimeline {
  readonly #times: CacheTimes;
  readonly #caches = new Map<string, PromptCache>();
  readonly #running = new Map<number, RunningBatch>();
  readonly #usages = new Map<number, Map<number, CacheUsage>>();
  #nextAt = Number.POSITIVE_INFINITY;

  constructor(times: CacheTimes) {
    this.#times = times;
  }

  add(seq: number, workspace: string, starts: PlannedStart[]): void {
    if (starts.length === 0) return;
    starts.sort((first, second) => first.startsAt - second.startsAt || first.index - second.index);
    this.#running.set(seq, { seq, workspace, starts, next: 0 });
    this.#nextAt = Math.min(this.#nextAt, (starts[0] as PlannedStart).startsAt);
  }

  runUntil(now: number): void {
    if (now < this.#nextAt) return;
    const due = [...this.#running.values()].flatMap(batch => takeDue(batch, now).map(start => ({ batch, start })));
    due.sort((first, second) => first.start.startsAt - second.start.startsAt || first.batch.seq - second.batch.seq);
    for (const { batch, start } of due) {
      const usage = this.cacheOf(batch.workspace).use(start.plan, {
        startedAt: start.startsAt,
        tokensMin: start.tokensMin,
        isMissed: start.isMissed,
      });
      const usages = this.#usages.get(batch.seq) ?? new Map<number, CacheUsage>();
      this.#usages.set(batch.seq, usages.set(start.index, usage));
    }
    this.#nextAt = Number.POSITIVE_INFINITY;
    for (const { starts, next } of this.#running.values()) {
      this.#nextAt = Math.min(this.#nextAt, starts[next]?.startsAt ?? Number.POSITIVE_INFINITY);
    }
  }

  /** Items that have not started never will. */
  stop(seq: number): void {
    this.#running.delete(seq);
  }

  /** What the batch's marked items used, by index. */
  usagesOf(seq: number): ReadonlyMap<number, CacheUsage> {
    return this.#usages.get(seq) ?? new Map();
  }

  forget(seq: number): void {
    this.#usages.delete(seq);
    this.#running.delete(seq);
  }

  cacheOf(workspace: string): PromptCache {
    const cache = this.#caches.get(workspace) ?? new PromptCache(this.#times);
    this.#caches.set(workspace, cache);
    return cache;
  }
}

function takeDue(batch: RunningBatch, now: number): PlannedStart[] {
  const from = batch.next;
  while (batch.next < batch.starts.length && (batch.starts[batch.next] as PlannedStart).startsAt <= now)
    batch.next += 1;
  return batch.starts.slice(from, batch.next);
}
