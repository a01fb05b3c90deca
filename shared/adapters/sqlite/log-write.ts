import type { Topic } from '#ports/log.ts';
import type { EncodedAppend } from './encode-append.ts';

/**
 * What the writer of a log is asked to do, and what came of it: plain data, because the writer may live in a thread of
 * its own. Each is done entirely or not at all, and those of one group together.
 */
export type LogWrite =
  /** With `fence`: refused unless that is still the newest epoch of the shard. */
  | { is: 'append'; parts: readonly EncodedAppend[]; fence: HeldFence | null }
  | { is: 'take-fence'; shard: number }
  | { is: 'prune'; topic: Topic; partition: number; below: number; rowsMax: number };

export interface HeldFence {
  shard: number;
  epoch: number;
}

export type LogWritten =
  | { is: 'appended'; parts: readonly AppendedPart[] }
  | { is: 'fenced' }
  | { is: 'taken'; epoch: number }
  | { is: 'pruned'; rows: number };

export interface AppendedPart {
  /** Offset of the first record of each row. */
  bases: number[];
  /** The log's own time of the append, ms since the epoch. */
  at: number;
}

/** Writes a group of writes in one transaction. What was answered survives `kill -9`; after a rejection nothing of it is there. */
export interface GroupWriter {
  /** One group at a time. @throws FlotillaError log-unavailable | disk-full */
  write(group: readonly LogWrite[]): Promise<readonly LogWritten[]>;
  /** Lets go of the file. Nothing may be under way. */
  close(): Promise<void>;
}
