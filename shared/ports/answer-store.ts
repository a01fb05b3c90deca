import type { AnswerPolicyName } from '#core/answer-cache/answer-policy.ts';
import type { Money } from '#core/money.ts';
import type { Rid } from '#core/rid.ts';

/**
 * Where answers stand that may be given again, by the key of their request, and what that has saved. A cache of places: any
 * entry and any count may be gone at any time. Whoever follows an entry reads the result record and believes only that.
 *
 * MUST: `find` gives nothing but what was put for that task under that key, no longer than `ttlMs` ago; a task holds
 * `entriesMax` entries at most after each `put`, and lets go by its policy. `find`, `put` and `count` never reject: while
 * the store is away nothing is found and nothing kept.
 *
 * Not promised: that what was put is found; that counts of processes that died are there.
 */
export interface AnswerStore {
  /** @param options.isUse whether it counts as a use, by which the policy decides what stays */
  find(
    space: AnswerSpace,
    keys: readonly string[],
    options: { isUse: boolean },
  ): Promise<readonly (AnswerPlace | null)[]>;
  put(space: AnswerSpace, entries: readonly AnswerEntry[]): Promise<void>;
  count(task: string, counts: Partial<AnswerCounts>): Promise<void>;
  /** @throws FlotillaError queue-unavailable when it cannot be read now: a screen has to say so */
  stats(task: string): Promise<AnswerStats>;
}

/** What one task may keep. */
export interface AnswerSpace {
  task: string;
  ttlMs: number;
  entriesMax: number;
  /** Null: who asks has seen no keys. Then what was said last holds, by any process, and at first `s3-fifo`. */
  policy: AnswerPolicyName | null;
}

export interface AnswerPlace {
  rid: Rid;
  /** Of the results topic. */
  partition: number;
  /** Its record stands there or soon after. */
  from: number;
}

export interface AnswerEntry {
  key: string;
  place: AnswerPlace;
}

export interface AnswerCounts {
  /** Documents whose answer was there or under way, and those that had to be bought. */
  hits: number;
  misses: number;
  /** Answers given again, with what buying them would have cost as batch items. */
  saved: number;
  savedCost: Money;
  /** How long they took all the same, from their last seal on: those of purchases under way wait with these. */
  savedWaitMs: number;
  /** Answers bought, and how long that took from the seal on. */
  bought: number;
  boughtMs: number;
}

export interface AnswerStats extends AnswerCounts {
  /** Entries held; some may be past their time. */
  size: number;
}

export const noAnswerCounts: AnswerCounts = {
  hits: 0,
  misses: 0,
  saved: 0,
  savedCost: 0,
  savedWaitMs: 0,
  bought: 0,
  boughtMs: 0,
};
