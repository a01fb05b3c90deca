import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteReader } from '#adapters/kafka/byte-reader.ts';
import { batchOverheadBytes } from '#adapters/kafka/encode-record-batch.ts';
import type { Place } from './fleet-results.ts';
import type { FleetWorld } from './fleet-world.ts';

/** Who wrote a record, as its record batch says. */
export interface ProducerEpoch {
  producerId: number;
  epoch: number;
}

/** A raw copy and who wrote both; null when no record batch holds it. */
export interface TracedCopy {
  rid: string;
  isIdentical: boolean;
  producers: (ProducerEpoch | null)[];
}

interface RecordBatchLine extends ProducerEpoch {
  from: number;
  to: number;
}

/** Who wrote the copies of a terminal record, from the broker's own files. None are read when there is no copy. */
export function traceCopies({ results, kafka, topic }: Pick<FleetWorld, 'results' | 'kafka' | 'topic'>): TracedCopy[] {
  const partitions = new Map<number, RecordBatchLine[]>();
  const producerOf = ({ partition, offset }: Place): ProducerEpoch | null => {
    let batches = partitions.get(partition);
    if (!batches) {
      batches = readRecordBatches(join(kafka.dataFolder ?? '', `${topic('results')}-${partition}`));
      partitions.set(partition, batches);
    }
    const found = batches.find(({ from, to }) => from <= offset && offset <= to);
    return found ? { producerId: found.producerId, epoch: found.epoch } : null;
  };
  const traced: TracedCopy[] = [];
  for (const { rid, isIdentical, first, copy } of results.copies) {
    traced.push({ rid, isIdentical, producers: [producerOf(first), producerOf(copy)] });
  }
  return traced;
}

/** A segment is one record batch after the other, as a broker sends them; the last may not be whole yet. */
function readRecordBatches(folder: string): RecordBatchLine[] {
  return globSync('*.log', { cwd: folder })
    .sort()
    .flatMap(segment => batchesOf(readFileSync(join(folder, segment))));
}

function batchesOf(bytes: Buffer): RecordBatchLine[] {
  const batches: RecordBatchLine[] = [];
  const reader = new ByteReader(bytes);
  while (reader.left >= batchOverheadBytes) {
    const from = reader.int64();
    const length = reader.int32();
    if (length <= 0 || length > reader.left) break; // the file may end in zeros
    const batch = new ByteReader(reader.slice(length));
    batch.skip(beforeLastOffset);
    const to = from + batch.int32();
    batch.skip(timesBytes);
    batches.push({ from, to, producerId: batch.int64(), epoch: batch.int16() });
  }
  return batches;
}

/** Leader epoch, magic, checksum and attributes. */
const beforeLastOffset = 4 + 1 + 4 + 2;
const timesBytes = 8 + 8;
