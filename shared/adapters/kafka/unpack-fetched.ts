import type { LogRecord } from '#ports/log.ts';
import { type RawBatch, readRecords, splitBatches } from './decode-record-batch.ts';
import { decompress, GrowsTooLarge } from './decompress.ts';
import type { FetchedPartition } from './fetch-request.ts';
import { type Span, spanOfRecords, spanOfUnreadable } from './span.ts';

export interface UnpackOptions {
  /** The offset that was asked for. */
  from: number;
  /** What the records of one batch may grow to, with what each costs in memory. */
  batchBytesMax: number;
  /** Told of a batch that cannot be unpacked; may throw where nothing may be left out. */
  onUnreadable(batch: { partition: number; base: number; next: number; why: string }): void;
}

/** What a decoded record costs in memory beside its bytes, about. */
const recordOverheadBytes = 200;
/** Small batches share a span: a journal has thousands of one record each. */
const spanBytes = 256 * 1024;
/**
 * A megabyte that is compressed well is ten, or a hundred: unpacked for every partition, it pushes out of the cache what the
 * others have not read yet, and is unpacked again and again. What is left here is fetched again once it is wanted.
 */
const unpackedBytesEnough = 3 * 512 * 1024;

/**
 * The visible records of a reply, without markers and what was aborted, from the offset asked for on, with no gaps. Of what
 * unpacks to much only the beginning.
 */
export async function unpackFetched(fetched: FetchedPartition, options: UnpackOptions): Promise<Span[]> {
  const { partition } = fetched;
  const spans: Span[] = [];
  let { from } = options;
  let next = from;
  let records: LogRecord[] = [];
  let sizeBytes = 0;
  let unpackedBytes = 0;
  const finish = (): void => {
    if (next > from) spans.push(spanOfRecords({ from, next, sizeBytes, records }));
    [from, records, sizeBytes] = [next, [], 0];
  };
  for (const batch of visibleBatches(fetched)) {
    if (unpackedBytes >= unpackedBytesEnough) break;
    const end = Math.max(next, batch.next);
    if (!batch.isVisible) {
      next = end;
      continue;
    }
    const read = await unpack(batch, partition, options.batchBytesMax);
    if ('why' in read) {
      const { base } = batch;
      options.onUnreadable({ partition, base, next: end, why: read.why });
      finish();
      spans.push(
        spanOfUnreadable({ from, base, next: end, partition, at: batch.appendedAt ?? batch.firstAt, why: read.why }),
      );
      from = end;
      next = end;
      continue;
    }
    if (sizeBytes > 0 && sizeBytes + read.sizeBytes > spanBytes) finish();
    for (const record of read.records) records.push(record);
    sizeBytes += read.sizeBytes;
    unpackedBytes += read.sizeBytes;
    next = end;
  }
  finish();
  return spans;
}

/**
 * Says of each batch whether readers may see it. A transaction that was aborted is named by its producer and its first offset;
 * it lasts to that producer's marker.
 */
function visibleBatches({ bytes, aborted }: FetchedPartition): (RawBatch & { isVisible: boolean })[] {
  const waiting = aborted.toSorted((left, right) => left.first - right.first);
  const abortedNow = new Set<number>();
  return splitBatches(bytes).map(batch => {
    for (; waiting.length > 0 && (waiting[0] as { first: number }).first < batch.next; waiting.shift()) {
      abortedNow.add((waiting[0] as { producerId: number }).producerId);
    }
    if (batch.marker === 'abort') abortedNow.delete(batch.producerId);
    const isAborted = batch.isTransactional && abortedNow.has(batch.producerId);
    return { ...batch, isVisible: batch.marker === null && !isAborted };
  });
}

async function unpack(
  batch: RawBatch,
  partition: number,
  bytesMax: number,
): Promise<{ records: LogRecord[]; sizeBytes: number } | { why: string }> {
  const overheadBytes = batch.count * recordOverheadBytes;
  if (overheadBytes > bytesMax) return { why: 'too-large' };
  try {
    // A copy of what is not compressed, so that one small record in use does not keep the whole reply.
    const payload =
      batch.codec === 0
        ? Buffer.from(batch.payload)
        : await decompress(batch.codec, batch.payload, bytesMax - overheadBytes);
    return { records: readRecords(batch, payload, partition), sizeBytes: payload.length + overheadBytes };
  } catch (error) {
    return { why: error instanceof GrowsTooLarge ? 'too-large' : 'damaged' };
  }
}
