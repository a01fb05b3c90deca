import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ProtocolRequest } from './kafkajs-types.ts';
import { protocolRequest } from './protocol-request.ts';

export interface FetchPartition {
  topic: string;
  partition: number;
  from: number;
}

export interface FetchOptions {
  partitions: readonly FetchPartition[];
  /** How long the broker waits when there is nothing. */
  waitMs: number;
  bytesMax: number;
  timeoutMs: number;
}

export interface FetchedPartition {
  topic: string;
  partition: number;
  error: number;
  /** Readers come this far: everything below is decided. */
  stableOffset: number;
  /** Transactions to leave out, by the first offset of each. */
  aborted: { producerId: number; first: number }[];
  bytes: Buffer;
}

const version = 11;
const readCommitted = 1;

/** Committed records only. The first batch comes whole, however large it is. */
export function fetchRequest(options: FetchOptions): ProtocolRequest<FetchedPartition[]> {
  const { partitions, waitMs, bytesMax, timeoutMs } = options;
  const writer = new ByteWriter();
  writer.int32(-1).int32(waitMs).int32(1).int32(bytesMax).int8(readCommitted).int32(0).int32(-1);
  writer.array([...Map.groupBy(partitions, ({ topic }) => topic)], ([topic, group]) => {
    writer.string(topic);
    writer.array(group, ({ partition, from }) => {
      writer.int32(partition).int32(-1).int64(from).int64(-1).int32(bytesMax);
    });
  });
  writer.int32(0).string('');
  return protocolRequest({ api: 'fetch', version, body: writer.finish(), timeoutMs: waitMs + timeoutMs, decode });
}

function decode(raw: Buffer): FetchedPartition[] {
  const reader = new ByteReader(raw);
  reader.skip(4); // throttle time
  const error = reader.int16();
  reader.skip(4); // session
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array(() => readPartition(reader, topic, error));
  });
  return topics.flat();
}

function readPartition(reader: ByteReader, topic: string, errorOfAll: number): FetchedPartition {
  const partition = reader.int32();
  const error = reader.int16() || errorOfAll;
  reader.skip(8); // high watermark
  const stableOffset = reader.int64();
  reader.skip(8); // start of the log
  const aborted = reader.array(() => ({ producerId: reader.int64(), first: reader.int64() }));
  reader.skip(4); // preferred replica
  const length = reader.int32();
  return { topic, partition, error, stableOffset, aborted, bytes: reader.slice(Math.max(0, length)) };
}
