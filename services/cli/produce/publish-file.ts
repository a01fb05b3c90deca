import { RecordBatcher } from '#client/record-batcher.ts';
import { rejectHeader } from '#contracts/intake-reject.ts';
import { sniffCustomId } from '#contracts/sniff-custom-id.ts';
import { headerNames } from '#core/headers.ts';
import { documentBytesMax } from '#core/limits.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log, NewRecord } from '#ports/log.ts';
import type { InputRecord } from '../input/read-input.ts';

export interface PublishOptions {
  log: Log;
  clock: Clock;
  records: AsyncIterable<InputRecord>;
  /** Of every record. */
  headers: Readonly<Record<string, string>>;
  keyFrom: KeyFrom;
  /** Makes an idempotency key of each line; null: none. */
  onceAs: string | null;
  signal: AbortSignal;
  onProgress?: (published: number) => void;
}

/** What the key of a record is: the name of its document, or nothing. */
export const keySources = ['custom_id', 'none'] as const;
export type KeyFrom = (typeof keySources)[number];

export interface RefusedLine {
  line: number;
  code: string;
}

export interface Published {
  published: number;
  refused: number;
  /** The first of them. */
  refusedLines: readonly RefusedLine[];
  /** Documents by partition. */
  partitions: Readonly<Record<number, number>>;
  isInterrupted: boolean;
}

/** While so many are on their way the next so many are read. */
const recordsAtOnce = 4_000;
const refusedLinesMax = 100;

/**
 * Publishes lines as documents, each as it came: what is no document is answered by the fleet, with its reason. A line that
 * no record can hold is refused here. It resolves when everything it counts is in the log.
 * @throws FlotillaError log-unavailable: what was being published may be there all the same
 */
export async function publishFile(options: PublishOptions): Promise<Published> {
  const { log, clock, signal } = options;
  const batcher = new RecordBatcher({ log, clock, lingerMs: 0 });
  const partitions: Record<number, number> = {};
  const refusedLines: RefusedLine[] = [];
  let published = 0;
  let refused = 0;
  let group: Promise<void>[] = [];
  let underWay: Promise<unknown> = Promise.resolve();
  // Kept instead of thrown: thousands may fail at once, and the first says why.
  let failure: { error: unknown } | null = null;
  const publish = async (record: NewRecord): Promise<void> => {
    try {
      const { partition } = await batcher.add(record);
      partitions[partition] = (partitions[partition] ?? 0) + 1;
      published += 1;
    } catch (error) {
      failure ??= { error };
    }
  };
  const handOver = async (): Promise<void> => {
    await underWay;
    if (failure) await batcher.flush();
    if (failure) throw failure.error;
    options.onProgress?.(published);
    underWay = Promise.all(group);
    group = [];
  };
  for await (const line of options.records) {
    if (signal.aborted) break;
    const record = recordOf(line, options);
    if ('code' in record) {
      refused += 1;
      if (refusedLines.length < refusedLinesMax) refusedLines.push({ line: line.line, code: record.code });
    } else if (group.push(publish(record)) >= recordsAtOnce) await handOver();
  }
  await handOver();
  await handOver();
  return { published, refused, refusedLines, partitions, isInterrupted: signal.aborted };
}

/** The record of a line. Headers of our own intake are left out: a fleet believes them from nobody. */
function recordOf(line: InputRecord, { headers, keyFrom, onceAs }: PublishOptions): NewRecord | { code: string } {
  const { value } = line;
  const code = line.headers[rejectHeader] ?? line.headers[headerNames.referenceError];
  if (code !== undefined) return { code };
  if (value.length > documentBytesMax) return { code: 'document-too-large' };
  const once = onceAs === null ? {} : { [headerNames.idempotencyKey]: `${onceAs}.${line.line}` };
  return { key: keyFrom === 'custom_id' ? sniffCustomId(value) : null, value, headers: { ...headers, ...once } };
}
