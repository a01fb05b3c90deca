import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { waitUntil } from '#test/support/wait-until.ts';
import { EventStream } from './event-stream.ts';

const eventBytes = 4 * 1024 ** 2;

/** Real sockets, and time that goes on when it is told to. */
async function setup(test: TestContext) {
  let monotonic = 0;
  const clock = { now: () => monotonic, monotonic: () => monotonic, sleep: async () => void (await turn()) };
  const events = new EventStream({ text: async () => JSON.stringify('x'.repeat(eventBytes)), clock });
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    void events.add(response, {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stopping = new AbortController();
  const running = events.run(stopping.signal);
  test.after(async () => {
    stopping.abort();
    await running;
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connect = (): Promise<IncomingMessage> =>
    new Promise(resolve => {
      get({ host: '127.0.0.1', port }, resolve).on('error', () => {});
    });
  return { events, responses, connect, advance: (ms: number) => (monotonic += ms) };
}

describe('EventStream', () => {
  it('holds one event at most for a screen that takes none, while another is told everything', async t => {
    const { events, responses, connect } = await setup(t);
    const stuck = await connect();
    stuck.pause();
    const eager = await connect();
    let bytes = 0;
    eager.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await waitUntil('the other has had twenty events', () => bytes > 20 * eventBytes);
    assert.equal(events.clients, 2);
    const [first] = responses as [ServerResponse];
    // The preamble, the first event and what the sockets take; twenty events would be 80 MB.
    assert.ok(first.writableLength < 2.5 * eventBytes, `${first.writableLength} bytes wait`);
    stuck.destroy();
  });

  it('lets a screen go that has taken nothing for long', async t => {
    const { events, connect, advance } = await setup(t);
    const stuck = await connect();
    stuck.on('error', () => {}).pause();
    for (let rounds = 0; rounds < 50; rounds++) await turn();
    advance(29_000);
    for (let rounds = 0; rounds < 50; rounds++) await turn();
    assert.equal(events.clients, 1);
    advance(2_000);
    await waitUntil('it is gone', () => events.clients === 0);
  });
});
