import type { CapProgress } from '#core/cost-report/cost-caps.ts';
import type { Money } from '#core/money.ts';
import type { CacheEffect, CacheTallies } from '#core/prompt-cache/cache-effect.ts';
import type { ErrorCode } from '#errors/catalogue.ts';

/** A run as it stands now: everything the panel, the change lines and the summary are drawn from. */
export interface RunSnapshot {
  /** Name of the run: `r_` and a hash. */
  run: string;
  /** The input as it was given; `stdin` for standard input. */
  input: string;
  /** Where answers are written; null for nowhere. */
  out: string | null;
  /** Where dead letters are repeated; null for nowhere. */
  deadLetters: string | null;
  /** Ms since the epoch, when this command began to follow the run. */
  startedAt: number;
  elapsedMs: number;
  /** Lines appended so far; null until the first is. */
  total: number | null;
  /** True once the input has been read to its end: `total` is final. */
  isComplete: boolean;
  /** Counted from terminal records, never from what a provider reports. */
  answered: { succeeded: number; dead: number };
  /** Of the answers: those that were bought for another document. */
  reused: number;
  /** Dead letters by cause. */
  byCause: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Documents in open lanes. */
  inLanes: number;
  /** Batches sealed and not yet created. */
  sealedWaiting: number;
  atProvider: { batches: number; items: number };
  /** Creates whose reply is not there, yet or for good; the age of the oldest in ms. */
  creating: { batches: number; oldestMs: number };
  /** Batches, of any run, that are settled and still hold their reserve: room under a cap that is about to come back. */
  releasing: number;
  /** Oldest first. */
  slowest: readonly SlowBatch[];
  /** Documents that wait for an answer which is bought for another. */
  reusing: number;
  /** Documents that wait for their next try. */
  retrying: number;
  /** Purchases beyond the first of a document. */
  retries: number;
  /** Batches created so far. */
  batches: number;
  /** Null when a price is unknown. */
  cost: { billed: Money; individual: Money; projected: Money | null } | null;
  /** What became of cache plans; null while no batch has one. `primes`: calls that only wrote entries; in `cost` too. */
  cache: (CacheEffect & { tallies: CacheTallies; primes: number }) | null;
  /** Answers whose price is unknown: they are in no sum. */
  unpriced: number;
  cap: Money | null;
  /** The cap in force that is used up the most, its own or one of the configuration; null: there is none. */
  fullest: CapProgress | null;
  /** What a cap holds back; `isOwn`: that of this run; `isUnpriced`: any, because nobody knows what it would cost. */
  parked: { count: number; why: string; isOwn: boolean; isUnpriced?: boolean } | null;
  /** Why the account sends nothing now, in words; null when it does. */
  held: string | null;
  simulated: boolean;
  /** `attached`: another process has the engine, and this one only watches. */
  role: 'engine' | 'attached';
}

/** A create takes seconds; what took longer lost its reply, or its process. */
const replyPatienceMs = 10_000;

/** Batches whose create was never answered: they are looked for at the provider, for up to 15 minutes. */
export const unansweredCreates = ({ creating }: RunSnapshot): number =>
  creating.oldestMs >= replyPatienceMs ? creating.batches : 0;

export interface SlowBatch {
  bk: string;
  /** The provider's name for it. */
  pid: string;
  ageMs: number;
  items: number;
}
