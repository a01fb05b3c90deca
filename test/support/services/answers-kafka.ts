import { once } from 'node:events';
import { connect } from 'node:net';

const metadataKey = 3;
const answerTimeoutMs = 2_000;

/**
 * True when a broker answers a metadata request with itself in it: a port that accepts connections is not yet ready.
 * Written out by hand, so that the tests' own setting up needs no client.
 */
export async function answersKafka(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const request = Buffer.alloc(18);
    request.writeInt32BE(14, 0);
    request.writeInt16BE(metadataKey, 4);
    request.writeInt16BE(1, 6); // version
    request.writeInt32BE(1, 8); // correlation id
    request.writeInt16BE(-1, 12); // no client id
    request.writeInt32BE(0, 14); // no topics
    socket.on('error', () => {});
    socket.write(request);
    const [reply] = (await once(socket, 'data', { signal: AbortSignal.timeout(answerTimeoutMs) })) as [Buffer];
    const brokers = reply.readInt32BE(8);
    return brokers > 0;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
