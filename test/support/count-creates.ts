import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A door in front of a provider that counts the creates that come through it. */
export interface CreateCounter {
  baseUrl: string;
  /** How often each first custom_id was sent: each batch has one of its own. */
  postsByBatch(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Passes everything on to `target`; of the creates in `lostReplies` (from 1) the caller never sees the reply. */
export async function countCreates(target: string, lostReplies: readonly number[]): Promise<CreateCounter> {
  const posts = new Map<string, number>();
  let creates = 0;
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const isCreate = incoming.method === 'POST' && incoming.url?.split('?')[0] === '/v1/messages/batches';
      const body = Buffer.concat(chunks);
      if (isCreate) {
        creates += 1;
        const first = /"custom_id":"([^"]+)"/.exec(body.toString('utf8'))?.[1] ?? '';
        posts.set(first, (posts.get(first) ?? 0) + 1);
      }
      const isLost = isCreate && lostReplies.includes(creates);
      const { method, headers } = incoming;
      const passed = request(
        new URL(incoming.url ?? '/', target),
        { ...(method ? { method } : {}), headers },
        reply => {
          if (isLost) {
            reply.resume().on('end', () => incoming.socket.destroy());
            return;
          }
          outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
          reply.pipe(outgoing);
        },
      );
      passed.on('error', () => incoming.socket.destroy());
      passed.end(body);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    postsByBatch: () => posts,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
