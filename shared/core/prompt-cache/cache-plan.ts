/**
 * Where the cache markers of a batch go. It is decided once, when the batch is sealed, and stands in SEALED: what was
 * learned since must not change the bytes of what was sealed.
 */
export interface CachePlan {
  use: CachePlanUse;
  /** Shallowest first, four at most; every `1h` comes before every `5m`. */
  marks: readonly CacheMark[];
}

/**
 * `marked`: the markers go out. `held-back`: they would pay, and this batch goes without them, so that there is something
 * to measure against. `shadow`: only told.
 */
export type CachePlanUse = 'marked' | 'held-back' | 'shadow';

/** A marker at the end of the first `depth` blocks (tools, then system, then messages) of every item that begins with them. */
export interface CacheMark {
  depth: number;
  /** 16 hex characters of SHA-256 over the model and these blocks: an item whose blocks differ gets no marker. */
  hash: string;
  ttl: CacheTtl;
  /** Write the entry by one small call before the batch is created. */
  prime: boolean;
}

/** `off`: as if there were no plans. `shadow`: only told. `on`: markers go out where they pay. */
export const cacheModes = ['off', 'shadow', 'on'] as const;
export type CacheMode = (typeof cacheModes)[number];

/** Whether batches are planned at all, and whether what is planned goes out. */
export const cacheModeDoes = {
  off: { plans: false, marks: false },
  shadow: { plans: true, marks: false },
  on: { plans: true, marks: true },
} as const satisfies Record<CacheMode, { plans: boolean; marks: boolean }>;

/** What the configuration says of the cache, for one task. */
export interface CachePolicy {
  mode: CacheMode;
  /** Share of batches, 0 to 1, that go without markers although they would pay. */
  holdBack: number;
}

export type CacheTtl = '5m' | '1h';

/** Of a plan that is only told, nothing goes out. */
export const marksSent = (plan: CachePlan | null | undefined): readonly CacheMark[] =>
  plan?.use === 'marked' ? plan.marks : [];
