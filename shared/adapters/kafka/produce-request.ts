import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ProtocolRequest } from './kafkajs-types.ts';
import { protocolRequest } from './protocol-request.ts';

export interface ProduceBatch {
  topic: string;
  partition: number;
  bytes: Buffer;
}

export interface ProducedBatch {
  topic: string;
  partition: number;
  error: number;
  base: number;
  /** -1 where the topic keeps the producer's time. */
  appendedAt: number;
}

const version = 7;
const fromAllReplicas = -1;
const overheadBytes = 200;

/** One batch of each partition, acknowledged by all replicas in sync. */
export function produceRequest(
  batches: readonly ProduceBatch[],
  { transactionalId, timeoutMs }: { transactionalId: string | null; timeoutMs: number },
): ProtocolRequest<ProducedBatch[]> {
  const sizeBytes = batches.reduce((sum, { bytes }) => sum + bytes.length + overheadBytes, overheadBytes);
  const writer = new ByteWriter(sizeBytes);
  writer.string(transactionalId).int16(fromAllReplicas).int32(timeoutMs);
  writer.array([...Map.groupBy(batches, ({ topic }) => topic)], ([topic, group]) => {
    writer.string(topic);
    writer.array(group, ({ partition, bytes }) => {
      writer.int32(partition).int32(bytes.length).raw(bytes);
    });
  });
  return protocolRequest({ api: 'produce', version, body: writer.finish(), decode });
}

function decode(raw: Buffer): ProducedBatch[] {
  const reader = new ByteReader(raw);
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array(() => {
      const [partition, error, base, appendedAt] = [reader.int32(), reader.int16(), reader.int64(), reader.int64()];
      reader.skip(8); // start of the log
      return { topic, partition, error, base, appendedAt };
    });
  });
  return topics.flat();
}
