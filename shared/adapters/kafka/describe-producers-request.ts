import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ProtocolRequest } from './kafkajs-types.ts';
import { protocolRequest } from './protocol-request.ts';

/** A producer that writes to a partition, as its leader knows it. */
export interface DescribedProducer {
  topic: string;
  partition: number;
  producerId: number;
  epoch: number;
  /** When it wrote last, ms since the epoch. */
  lastAt: number;
  /** First offset of the transaction it has open there; -1 without one. */
  transactionFrom: number;
}

const version = 0;

/** All partitions must have the same leader. Those that it cannot describe are left out. */
export function describeProducersRequest(
  places: readonly { topic: string; partition: number }[],
): ProtocolRequest<DescribedProducer[]> {
  const byTopic = [...Map.groupBy(places, ({ topic }) => topic)];
  const writer = new ByteWriter();
  writer.unsignedVarint(0).unsignedVarint(byTopic.length + 1);
  for (const [topic, group] of byTopic) {
    writer.compactString(topic).unsignedVarint(group.length + 1);
    for (const { partition } of group) writer.int32(partition);
    writer.unsignedVarint(0);
  }
  writer.unsignedVarint(0);
  return protocolRequest({ api: 'describeProducers', version, body: writer.finish(), decode });
}

function decode(raw: Buffer): DescribedProducer[] {
  const reader = new ByteReader(raw);
  reader.skipTags();
  reader.skip(4); // throttle time
  const topics = reader.compactArray(() => {
    const topic = reader.compactString() ?? '';
    const partitions = reader.compactArray(() => readPartition(reader, topic));
    reader.skipTags();
    return partitions.flat();
  });
  return topics.flat();
}

function readPartition(reader: ByteReader, topic: string): DescribedProducer[] {
  const partition = reader.int32();
  reader.skip(2); // error: then there are no producers
  reader.compactString();
  const producers = reader.compactArray(() => {
    const [producerId, epoch] = [reader.int64(), reader.int32()];
    reader.skip(4); // last sequence
    const lastAt = reader.int64();
    reader.skip(4); // epoch of the coordinator
    const transactionFrom = reader.int64();
    reader.skipTags();
    return { topic, partition, producerId, epoch, lastAt, transactionFrom };
  });
  reader.skipTags();
  return producers;
}
