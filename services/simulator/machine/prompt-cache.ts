import type { PromptPlan } from './plan-prompt.ts';

export interface CacheUsage {
  input: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}

export interface CacheTimes {
  ttl5mMs: number;
  ttl1hMs: number;
  /** From the start of a request to its first response byte: from then on what it wrote can be read. */
  firstResponseMs: number;
}

interface CacheEntry {
  readableAt: number;
  expiresAt: number;
  ttlMs: number;
}

const entriesMax = 100_000;

/**
 * One workspace's prompt cache. Calls MUST come in order of `startedAt`.
 *
 * A request reads the longest earlier entry its breakpoints reach (20 positions back each) and writes its own prefixes
 * beyond it. Below the model's minimum a marker does nothing, and says nothing. One that misses finds no entry though
 * there is one: caching is best effort.
 */
export class PromptCache {
  readonly #entries = new Map<string, CacheEntry>();
  readonly #times: CacheTimes;

  constructor(times: CacheTimes) {
    this.#times = times;
  }

  /** @param options.answeredAt of its first byte; from then on what it wrote can be read */
  use(
    plan: PromptPlan,
    {
      startedAt,
      tokensMin,
      isMissed = false,
      answeredAt = startedAt + this.#times.firstResponseMs,
    }: { startedAt: number; tokensMin: number; isMissed?: boolean; answeredAt?: number },
  ): CacheUsage {
    const live = plan.breakpoints.filter(breakpoint => (breakpoint.positions[0]?.tokens ?? 0) >= tokensMin);
    const readTokens = isMissed ? 0 : this.#read(live, startedAt, tokensMin);
    const usage = { input: plan.inputTokens, cacheRead: readTokens, cacheWrite5m: 0, cacheWrite1h: 0 };
    let covered = readTokens;
    for (const { ttl, positions } of live) {
      const end = positions[0];
      if (!end || end.tokens <= covered) continue;
      const ttlMs = ttl === '1h' ? this.#times.ttl1hMs : this.#times.ttl5mMs;
      this.#write(end.key, { startedAt, readableAt: answeredAt, ttlMs });
      if (ttl === '1h') usage.cacheWrite1h += end.tokens - covered;
      else usage.cacheWrite5m += end.tokens - covered;
      covered = end.tokens;
    }
    usage.input = plan.inputTokens - covered;
    return usage;
  }

  /** Whether a request that started now could read this entry. */
  holds(key: string, now: number): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.readableAt <= now && entry.expiresAt > now;
  }

  #read(breakpoints: PromptPlan['breakpoints'], startedAt: number, tokensMin: number): number {
    for (const { positions } of breakpoints.toReversed()) {
      for (const { key, tokens } of positions) {
        const entry = tokens >= tokensMin ? this.#entries.get(key) : undefined;
        if (!entry || entry.readableAt > startedAt || entry.expiresAt <= startedAt) continue;
        entry.expiresAt = Math.max(entry.expiresAt, startedAt + entry.ttlMs);
        return tokens;
      }
    }
    return 0;
  }

  #write(
    key: string,
    { startedAt, readableAt, ttlMs }: { startedAt: number; readableAt: number; ttlMs: number },
  ): void {
    const known = this.#entries.get(key);
    const isAlive = known !== undefined && known.expiresAt > startedAt;
    this.#entries.set(key, {
      readableAt: isAlive ? Math.min(known.readableAt, readableAt) : readableAt,
      expiresAt: Math.max(isAlive ? known.expiresAt : 0, startedAt + ttlMs),
      ttlMs: isAlive ? Math.max(known.ttlMs, ttlMs) : ttlMs,
    });
    if (this.#entries.size > entriesMax) this.#evict(startedAt);
  }

  #evict(now: number): void {
    for (const [key, entry] of this.#entries) if (entry.expiresAt <= now) this.#entries.delete(key);
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= entriesMax / 2) return;
      this.#entries.delete(key);
    }
  }
}
