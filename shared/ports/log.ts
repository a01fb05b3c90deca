/**
 * The ordered log: Kafka in a fleet, SQLite on one machine, memory in tests. Everything that matters is appended here.
 *
 * A topic has partitions; a record in a partition has an offset. Offsets grow but MAY have gaps (transaction markers,
 * aborted records): position is always `nextOffset` of a read, never the last record's offset + 1.
 *
 * MUST: an append that resolved survives `kill -9` of every process. An append that rejected may have landed, may land
 * later, and may land twice: whoever appends learns what became of it by reading. Readers see only committed records,
 * in offset order, and never beyond the first record of a transaction that is still open.
 *
 * Not promised: order between partitions; that a read right after an append by another process sees it.
 */
export interface Log {
  partitions(topic: Topic): number;

  /**
   * Appends to one partition, all or nothing, with `positions` in the same step.
   * @returns the offset of each record, and the log's own time of the append (ms since the epoch)
   * @throws FlotillaError log-unavailable | disk-full: it may have landed
   */
  append(write: Append): Promise<{ offsets: number[]; at: number }>;

  /**
   * Committed records from `from` on, at most `recordsMax`, and fewer when they are large.
   * @throws FlotillaError log-recreated where a log can be lost while it is read: it ends below `from`
   */
  read(query: ReadQuery): Promise<ReadResult>;

  /** Single records by their offsets, in the order asked; null where there is none (any more). */
  readAt(query: { topic: Topic; partition: number; offsets: readonly number[] }): Promise<(LogRecord | null)[]>;

  /** High watermark: the offset the next append will have at least, open transactions included. */
  endOffset(topic: Topic, partition: number): Promise<number>;

  /** Resolves when there may be something at or beyond one of `marks`, at the latest after `timeoutMs`. */
  waitForMore(marks: readonly Mark[], timeoutMs: number, signal?: AbortSignal): Promise<void>;

  /**
   * Takes over a shard: every earlier holder's open transaction is aborted and whatever it tries later fails with
   * `fenced`. The holder keeps the fence for any number of transactions, one at a time.
   */
  fence(shard: number): Promise<Fence>;

  /** The partitions this process reads for `group` now. A changed `generation` means: begin at the committed position. */
  assigned(group: string, topic: Topic): Promise<{ partition: number; generation: number }[]>;

  position(group: string, topic: Topic, partition: number): Promise<Position | null>;
  /** A position is a lower bound that is true whoever says it, even late. */
  commitPosition(position: Position): Promise<void>;
}

/** One holder's right to write results of a shard. After any error it MUST be dropped and a new one taken. */
export interface Fence {
  /** Adds to the open transaction (begun by the first `send` after a commit). Invisible until `commit`. */
  send(writes: readonly Append[]): Promise<void>;
  /** @throws FlotillaError fenced | log-unavailable; after an error it may have been committed all the same */
  commit(): Promise<void>;
  /** Never throws. */
  abort(): Promise<void>;
}

export type Topic = 'documents' | 'results' | 'dead-letters' | 'journal' | 'settled' | 'recipes';

export const topics = ['documents', 'results', 'dead-letters', 'journal', 'settled', 'recipes'] as const;

export interface NewRecord {
  key: string | null;
  value: Uint8Array;
  headers: Readonly<Record<string, string>>;
}

export interface LogRecord extends NewRecord {
  partition: number;
  offset: number;
  /** The log's own clock at the append, ms since the epoch. */
  at: number;
}

export interface Append {
  topic: Topic;
  partition: number;
  records: readonly NewRecord[];
  positions?: readonly Position[];
}

export interface ReadQuery {
  topic: Topic;
  partition: number;
  from: number;
  recordsMax: number;
}

export interface ReadResult {
  records: LogRecord[];
  /** Where to read on. */
  nextOffset: number;
  /** True when nothing more could be read at that moment; a short read alone does not say so. */
  isAtEnd: boolean;
}

export interface Mark {
  topic: Topic;
  partition: number;
  from: number;
}

export interface Position {
  group: string;
  topic: Topic;
  partition: number;
  offset: number;
  metadata?: string;
}
