import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import type { NewRecord } from '#ports/log.ts';
import { documentLine } from './write-documents.ts';

const recordsPerAppend = 500;
const appendsAtOnce = 4;

/** Publishes documents of the bench, one after the other over all partitions, as many at a time as one append holds. */
export async function publishDocuments(
  log: KafkaLog,
  options: { documents: number; bytes: number; from?: number },
): Promise<void> {
  const { documents, bytes, from = 0 } = options;
  const partitions = log.partitions('documents');
  let next = from;
  let append = 0;
  const publishSome = async (): Promise<void> => {
    while (next < from + documents) {
      const first = next;
      next = Math.min(from + documents, first + recordsPerAppend);
      const records = Array.from({ length: next - first }, (_, index) => toRecord(first + index, bytes));
      append += 1;
      await log.append({ topic: 'documents', partition: (from + append) % partitions, records });
    }
  };
  await Promise.all(Array.from({ length: appendsAtOnce }, publishSome));
}

/** Without its line end: it is a record. */
function toRecord(index: number, bytes: number): NewRecord {
  const line = documentLine(index, bytes + 1);
  return { key: null, value: Buffer.from(line.slice(0, -1)), headers: {} };
}
