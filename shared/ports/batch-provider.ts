import type { Usage } from '#core/cost.ts';
import type { Answer, ItemErrorClass, ItemLine, WholeBatchEnd } from '#core/provider-line.ts';

/**
 * A provider's batch API, in the words of vercel/ai's batch port where they fit. One instance is one account:
 * one key at one base URL.
 *
 * Creating and priming are the only calls that cost money, and the only ones that are not repeatable. An adapter MUST send
 * at most one POST per `create` or `prime`, whatever happens to it, and MUST answer `ambiguous` unless it knows better
 * (protocol §6, "definite refusal"). Reads may be repeated by the adapter.
 *
 * Not promised: that a created batch is listed at once, that results come in any order, that a stream which ends is
 * complete.
 */
export interface BatchProvider {
  readonly provider: string;
  readonly baseUrl: string;
  /** True where a batch carries our label from the moment it is created. */
  readonly hasLabels: boolean;
  readonly cacheLever: CacheLever;

  /** Never throws for what the network or the provider does: that is an outcome. */
  create(request: CreateRequest, signal: AbortSignal): Promise<CreateOutcome>;
  /**
   * One small call outside batches, at the price of single calls, which writes what is marked in `body` into the cache of
   * this account. Answered only when the entry can be read. Only where the lever is `markers`. Never throws for what the
   * network or the provider does: that is an outcome.
   */
  prime(request: PrimeRequest, signal: AbortSignal): Promise<PrimeOutcome>;
  /** One page, newest first. @throws FlotillaError provider-unavailable | provider-auth */
  list(options: ListOptions): Promise<BatchPage>;
  /** @throws FlotillaError provider-unavailable | provider-auth, also in the middle of `lines` */
  results(pid: string): Promise<ResultRead>;
  /** Asks; what has been processed is still answered. @throws FlotillaError provider-unavailable | provider-auth */
  cancel(pid: string): Promise<ReplyFacts>;
}

/**
 * How a shared prefix comes to be read from a cache. `markers`: requests say what to keep, writing costs more than reading,
 * and a call of its own may write ahead. `automatic`: the provider keeps prefixes by itself. `none`: nothing is kept.
 */
export type CacheLever = 'markers' | 'automatic' | 'none';

/** What any reply says beside its content. */
export interface ReplyFacts {
  /** Organisation and workspace behind the key, or `unshown:<sha256>` where the server shows none (protocol §5.2). */
  owner: string;
  /** The provider's clock, in ms since the epoch; null when the reply had no Date. */
  serverDate: number | null;
}

export interface BatchLabel {
  fleet: string;
  bk: string;
  sub: number;
}

export interface CreateRequest {
  label: BatchLabel;
  items: readonly CreateItem[];
  /**
   * Asked once, right before the first byte of the requests is written. When it says no, none is written, and the outcome is
   * refused as `too-late`: a process that stood still while it connected must not send what others have given up (C11).
   */
  isInTime(): boolean;
}

export interface CreateItem {
  customId: string;
  /** JSON text of the provider's request parameters. It goes on the wire byte for byte. */
  body: string;
}

/**
 * `too-large`: split. `account`: billing, key or permission; nothing is wrong with the documents. `rate-limited`: no
 * room now. `overloaded`: later. `invalid`: the envelope was refused. `not-connected`: no byte was written.
 * `too-late`: nothing of the requests was, because `isInTime` said no.
 */
export type RefusalReason =
  | 'too-large'
  | 'account'
  | 'rate-limited'
  | 'overloaded'
  | 'invalid'
  | 'not-connected'
  | 'too-late';

export type CreateOutcome = { status: 'created'; pid: string; facts: ReplyFacts } | NotBought;

/** Of a call that buys: nothing was, or nobody knows. */
export type NotBought =
  | {
      status: 'refused';
      reason: RefusalReason;
      httpStatus: number | null;
      message: string;
      retryAfterMs: number | null;
      facts: ReplyFacts | null;
    }
  | { status: 'ambiguous'; message: string };

export interface PrimeRequest {
  /** Of its PRIME: a label, where the provider takes one. */
  id: string;
  /** JSON text of the provider's request parameters. It goes on the wire byte for byte. */
  body: string;
  /** As in a create. */
  isInTime(): boolean;
}

export type PrimeOutcome = { status: 'primed'; model: string; usage: Usage; facts: ReplyFacts } | NotBought;

export interface ListOptions {
  /** `nextCursor` of the page before; absent for the newest. */
  cursor?: string;
  limit: number;
}

export interface BatchPage {
  batches: ListedBatch[];
  nextCursor: string | null;
  facts: ReplyFacts;
}

export interface ListedBatch {
  pid: string;
  /** Provider's clock, ms since the epoch. */
  createdAt: number;
  endedAt: number | null;
  hasEnded: boolean;
  /** Sum of the provider's counts. With labels it may still be 0 while validating. */
  itemCount: number;
  label: BatchLabel | null;
  /** The provider's own word for its state. */
  rawStatus: string;
}

export type ResultRead =
  | { status: 'running'; facts: ReplyFacts }
  | { status: 'not-found'; facts: ReplyFacts }
  | {
      status: 'ended';
      /** Provider's clock, ms since the epoch. */
      endedAt: number;
      /** How many distinct lines a complete read has, by the provider's own counts. */
      lineCount: number;
      /** Set when the provider ended the whole batch without lines (`failed`, `expired` as a whole). */
      wholeBatch: WholeBatchEnd | null;
      lines: AsyncIterable<ResultLine>;
      facts: ReplyFacts;
    };

/** A line that cannot be read says nothing about its item: the read it is in is incomplete (protocol §5.5). */
export type ResultLine = { type: 'unreadable' } | ItemLine;

/** Token counts as billed. */
export type { Usage as TokenUsage } from '#core/cost.ts';
export type { Answer, ItemErrorClass, ItemLine, WholeBatchEnd };
