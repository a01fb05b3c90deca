import { drawUnit } from '../machine/seeded-random.ts';
import { type FaultKind, type FaultPlan, type FaultRule, faultKinds } from './fault-kinds.ts';

/** What a store keeps of the faults, so that "the 2nd call" stays one call over restarts. */
export interface FaultCounters {
  fired: Record<string, number>;
  opportunities: Record<string, number>;
}

export interface FaultInjectorOptions {
  plan: FaultPlan;
  seed: number;
  /** Passing faults a batch's reads have at most: fewer than the three equal reads that prove a loss. */
  faultyReadsMax?: number;
}

const faultyReadsMaxByDefault = 2;
const batchesRememberedMax = 10_000;

/** Decides which faults happen, by seed alone, and counts them. Rules may be replaced while it runs. */
export class FaultInjector {
  readonly #seed: number;
  readonly #faultyReadsMax: number;
  readonly #fired = new Map<FaultKind, number>();
  readonly #opportunities = new Map<FaultKind, number>();
  readonly #faultyReads = new Map<string, number>();
  #plan: FaultPlan;

  constructor({ plan, seed, faultyReadsMax = faultyReadsMaxByDefault }: FaultInjectorOptions) {
    this.#plan = plan;
    this.#seed = seed;
    this.#faultyReadsMax = faultyReadsMax;
  }

  /** From now on these rules hold; counts go on. An empty plan is a provider without faults. */
  replacePlan(plan: FaultPlan): void {
    this.#plan = plan;
  }

  /** The rule if the fault fires at this opportunity. With a key the draw depends on the key alone, not on order. */
  fires(kind: FaultKind, ...key: readonly (number | string)[]): FaultRule | null {
    const rule = this.#plan[kind];
    if (!rule) return null;
    const opportunity = (this.#opportunities.get(kind) ?? 0) + 1;
    this.#opportunities.set(kind, opportunity);
    if (rule.timesMax !== undefined && (this.#fired.get(kind) ?? 0) >= rule.timesMax) return null;
    const isCall = rule.calls?.includes(opportunity) ?? false;
    const chance = rule.probability ?? 0;
    const isDrawn = chance > 0 && drawUnit(this.#seed, kind, ...(key.length > 0 ? key : [opportunity])) < chance;
    if (!isCall && !isDrawn) return null;
    this.#fired.set(kind, (this.#fired.get(kind) ?? 0) + 1);
    return rule;
  }

  /** Like `fires`, for a passing fault of one batch: never more than `faultyReadsMax` per batch, all kinds together. */
  firesOnRead(kind: FaultKind, batchId: string): FaultRule | null {
    if (!this.#plan[kind]) return null;
    const before = this.#faultyReads.get(batchId) ?? 0;
    if (before >= this.#faultyReadsMax) return null;
    const rule = this.fires(kind);
    if (rule) this.#rememberRead(batchId, before + 1);
    return rule;
  }

  /** How often each kind has happened; kinds that never did are absent. */
  counts(): Partial<Record<FaultKind, number>> {
    return Object.fromEntries(this.#fired);
  }

  counters(): FaultCounters {
    return { fired: Object.fromEntries(this.#fired), opportunities: Object.fromEntries(this.#opportunities) };
  }

  restore({ fired, opportunities }: FaultCounters): void {
    for (const kind of Object.keys(faultKinds) as FaultKind[]) {
      if (fired[kind]) this.#fired.set(kind, fired[kind]);
      if (opportunities[kind]) this.#opportunities.set(kind, opportunities[kind]);
    }
  }

  #rememberRead(batchId: string, count: number): void {
    if (this.#faultyReads.size >= batchesRememberedMax) {
      const [oldest] = this.#faultyReads.keys();
      if (oldest !== undefined) this.#faultyReads.delete(oldest);
    }
    this.#faultyReads.delete(batchId);
    this.#faultyReads.set(batchId, count);
  }
}
