import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ProtocolRequest } from './kafkajs-types.ts';
import { protocolRequest } from './protocol-request.ts';

export interface FetchedOffset {
  error: number;
  /** -1 where none is committed. */
  offset: number;
  metadata: string | null;
}

const version = 7;

/**
 * One committed offset, and never one that a transaction is about to replace: the broker then says so by an error that is
 * tried again. kafkajs knows older versions only, which would answer the former one.
 */
export function offsetFetchRequest(
  group: string,
  { topic, partition }: { topic: string; partition: number },
): ProtocolRequest<FetchedOffset> {
  const writer = new ByteWriter();
  // The head of this version ends in a list of tags, which kafkajs does not write.
  writer.unsignedVarint(0).compactString(group);
  writer.unsignedVarint(2).compactString(topic).unsignedVarint(2).int32(partition).unsignedVarint(0);
  writer.int8(1).unsignedVarint(0);
  return protocolRequest({ api: 'offsetFetch', version, body: writer.finish(), decode });
}

function decode(raw: Buffer): FetchedOffset {
  const reader = new ByteReader(raw);
  reader.skipTags();
  reader.skip(4); // throttle time
  const topics = reader.compactArray(() => {
    reader.compactString();
    const partitions = reader.compactArray(() => {
      reader.skip(4); // partition
      const offset = reader.int64();
      reader.skip(4); // leader epoch
      const metadata = reader.compactString();
      const error = reader.int16();
      reader.skipTags();
      return { offset, metadata, error };
    });
    reader.skipTags();
    return partitions;
  });
  const errorOfGroup = reader.int16();
  const [found] = topics.flat();
  if (found === undefined) return { error: errorOfGroup, offset: -1, metadata: null };
  return { ...found, error: errorOfGroup || found.error };
}
