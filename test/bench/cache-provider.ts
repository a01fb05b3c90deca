import type { Usage } from '#core/cost.ts';
import type { CacheTtl } from '#core/prompt-cache/cache-plan.ts';
import { FaultInjector } from '#services/simulator/faults/fault-injector.ts';
import type { BatchRecord } from '#services/simulator/machine/batch-record.ts';
import { endOf, itemStart } from '#services/simulator/machine/batch-timing.ts';
import { CacheTimeline } from '#services/simulator/machine/cache-timeline.ts';
import { findModel } from '#services/simulator/machine/models.ts';
import type { PromptPlan } from '#services/simulator/machine/plan-prompt.ts';
import { planRecord } from '#services/simulator/machine/plan-record.ts';
import { missesCache } from '#services/simulator/machine/plan-starts.ts';
import { priceUsage } from '#services/simulator/machine/price-usage.ts';
import type { CacheWorkload } from './cache-workload.ts';

/** One item of a batch as the cache sees it. */
export interface CacheItem {
  prefix: string;
  /** Null: without a marker. */
  ttl: CacheTtl | null;
}

export interface BoughtBatch {
  endsAt: number;
  record: BatchRecord;
  items: readonly CacheItem[];
}

const workspace = 'bench';
const firstResponseMs = 1_500;
/** A prime's reply is waited for, and then the batch is created. */
export const primeMs = 2_000;

/**
 * The simulator's provider for very many batches: its own draws of time, its own cache and its own prices, without the
 * text of requests. `cache.test.ts` holds it against the whole machine.
 */
export class CacheProvider {
  readonly #workload: CacheWorkload;
  readonly #timeline = new CacheTimeline({ ttl5mMs: 300_000, ttl1hMs: 3_600_000, firstResponseMs });
  readonly #faults: FaultInjector;
  #primes = 0;

  constructor(workload: CacheWorkload) {
    this.#workload = workload;
    this.#faults = new FaultInjector({ plan: {}, seed: workload.seed });
  }

  /** A single call that writes a prefix. @returns its cost in picodollars */
  prime(prefix: string, ttl: CacheTtl, now: number): number {
    const { seed, hitShare } = this.#workload;
    this.#timeline.runUntil(now);
    this.#primes += 1;
    const isMissed = missesCache(seed, hitShare, 'message', this.#primes);
    const plan = this.#plan({ prefix, ttl }, 1);
    const used = this.#timeline.cacheOf(workspace).use(plan, { startedAt: now, tokensMin: this.#tokensMin, isMissed });
    return this.#cost({ ...used, output: 0 }, false);
  }

  /** True when an item that started now would find an entry. */
  isLive(prefix: string, now: number): boolean {
    this.#timeline.runUntil(now);
    return this.#timeline.cacheOf(workspace).holds(prefix, now);
  }

  /** @param seq from 1, in order; the batch's draws go by it alone */
  create(seq: number, items: readonly CacheItem[], now: number): BoughtBatch {
    const { seed, hitShare, latency } = this.#workload;
    this.#timeline.runUntil(now);
    const record = planRecord({
      seq,
      workspace,
      version: '2026-10-21',
      isForeign: false,
      itemCount: items.length,
      now,
      timing: { seed, timeScale: 1, latency },
      faults: this.#faults,
    });
    const plans = new Map<string, PromptPlan>();
    const starts = items.flatMap((item, index) => {
      if (item.ttl === null) return [];
      const plan = plans.get(item.prefix) ?? this.#plan(item, this.#workload.documentTokens);
      plans.set(item.prefix, plan);
      const isMissed = missesCache(seed, hitShare, seq, index);
      return [{ index, startsAt: itemStart(record, index, seed), plan, tokensMin: this.#tokensMin, isMissed }];
    });
    this.#timeline.add(seq, workspace, starts);
    return { endsAt: Math.ceil(endOf(record)), record, items };
  }

  /** What was billed for an ended batch, item by item. */
  collect({ record, items, endsAt }: BoughtBatch): { usages: Usage[]; cost: number } {
    this.#timeline.runUntil(endsAt);
    const { prefixTokens, documentTokens, outputTokens: output } = this.#workload;
    const cached = this.#timeline.usagesOf(record.seq);
    const plain = { input: prefixTokens + documentTokens, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
    const usages = items.map((_, index) => ({ ...(cached.get(index) ?? plain), output }));
    this.#timeline.forget(record.seq);
    return { usages, cost: usages.reduce((sum, usage) => sum + this.#cost(usage, true), 0) };
  }

  get #model() {
    const model = findModel(this.#workload.model);
    if (!model) throw new Error(`the simulator does not know ${this.#workload.model}`);
    return model;
  }

  get #tokensMin(): number {
    return this.#model.cacheTokensMin;
  }

  #plan({ prefix, ttl }: CacheItem, behindTokens: number): PromptPlan {
    const { prefixTokens: tokens } = this.#workload;
    return {
      inputTokens: tokens + behindTokens,
      breakpoints: [{ ttl: ttl ?? '5m', positions: [{ key: prefix, tokens }] }],
    };
  }

  #cost(usage: Usage, isBatch: boolean): number {
    return priceUsage({ model: this.#model, usage, isBatch, isUsOnly: false });
  }
}
