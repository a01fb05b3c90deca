import { once } from 'node:events';
import { connect } from 'node:net';

/** What a reader may see: `committed` ends before the first transaction that is still open, `all` does not. */
export type Isolation = 'all' | 'committed';

export interface ListOffsetsQuery {
  /** As host:port. */
  broker: string;
  topic: string;
  partitions: number;
  isolation: Isolation;
}

const listOffsetsKey = 2;
const answerTimeoutMs = 5_000;

/**
 * The end of each partition, by its number. By hand, because kafkajs asks for the committed end only.
 * @throws Error when the broker does not answer in time or knows no such topic
 */
export async function listOffsets(query: ListOffsetsQuery): Promise<number[]> {
  const [host, port] = query.broker.split(':') as [string, string];
  const socket = connect(Number(port), host);
  try {
    socket.on('error', () => {}); // told by the wait below
    socket.write(requestOf(query));
    let reply = Buffer.alloc(0);
    while (reply.length < 4 || reply.length < 4 + reply.readInt32BE(0)) {
      const [piece] = (await once(socket, 'data', { signal: AbortSignal.timeout(answerTimeoutMs) })) as [Buffer];
      reply = Buffer.concat([reply, piece]);
    }
    return endsOf(reply, query);
  } finally {
    socket.destroy();
  }
}

/** Version 2: replica, isolation, topics of partitions, each with the time -1, which asks for the end. */
function requestOf({ topic, partitions, isolation }: ListOffsetsQuery): Buffer {
  const name = Buffer.from(topic);
  const body = Buffer.alloc(10 + 4 + 1 + 4 + 2 + name.length + 4 + 12 * partitions);
  let at = body.writeInt16BE(listOffsetsKey, 0);
  at = body.writeInt16BE(2, at);
  at = body.writeInt32BE(1, at); // correlation id
  at = body.writeInt16BE(-1, at); // no client id
  at = body.writeInt32BE(-1, at); // no replica
  at = body.writeInt8(isolation === 'committed' ? 1 : 0, at);
  at = body.writeInt32BE(1, at);
  at = body.writeInt16BE(name.length, at);
  at += name.copy(body, at);
  at = body.writeInt32BE(partitions, at);
  for (let partition = 0; partition < partitions; partition++) {
    at = body.writeInt32BE(partition, at);
    at = body.writeBigInt64BE(-1n, at);
  }
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function endsOf(reply: Buffer, { topic, partitions }: ListOffsetsQuery): number[] {
  const ends: number[] = [];
  let at = 4 + 4 + 4 + 4 + 2 + Buffer.byteLength(topic) + 4; // length, correlation id, throttle, topics, name, partitions
  for (let count = 0; count < partitions; count++, at += 22) {
    const error = reply.readInt16BE(at + 4);
    if (error !== 0) throw new Error(`${topic}/${reply.readInt32BE(at)}: the broker answers with error ${error}`);
    ends[reply.readInt32BE(at)] = Number(reply.readBigInt64BE(at + 14));
  }
  return ends;
}
