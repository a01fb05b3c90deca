import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import loggers from 'kafkajs/src/loggers/index.js';
import Connection from 'kafkajs/src/network/connection.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import { repairKafkajs } from './repair-kafkajs.ts';

/** What a broker does with each request that reaches it, the first one first; then it answers. */
type Conduct = 'answers' | 'breaks off in a reply' | 'says nothing';

class Broker {
  readonly conducts: Conduct[] = [];
  connections = 0;
  readonly #server: Server = createServer(socket => {
    this.connections += 1;
    socket.on('error', () => {});
    socket.on('data', request => this.#answer(socket, request));
  });

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }

  #answer(socket: Socket, request: Buffer): void {
    const conduct = this.conducts.shift() ?? 'answers';
    if (conduct === 'says nothing') return;
    const text = Buffer.from('this is what was asked for');
    const reply = Buffer.alloc(8 + text.length);
    reply.writeInt32BE(4 + text.length, 0);
    request.copy(reply, 4, 8, 12); // correlation id
    text.copy(reply, 8);
    if (conduct === 'answers') socket.write(reply);
    else socket.write(reply.subarray(0, 20), () => socket.resetAndDestroy());
  }
}

const body = { buf: Buffer.alloc(0), buffer: Buffer.alloc(0) };
const request = {
  request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode: async () => body },
  response: { decode: async (raw: Buffer) => raw, parse: async (raw: Buffer) => raw.toString() },
};

describe('kafkajs, repaired', () => {
  const broker = new Broker();
  let connection: Connection;
  before(async () => {
    repairKafkajs();
    connection = new Connection({
      host: '127.0.0.1',
      port: await broker.start(),
      socketFactory: createSocketFactory(),
      requestTimeout: 200,
      connectionTimeout: 1_000,
      logger: loggers.createLogger({ level: loggers.LEVELS.NOTHING, logCreator: () => () => {} }),
    });
  });
  after(async () => {
    await connection.disconnect();
    broker.close();
  });

  async function ask(): Promise<unknown> {
    if (!connection.isConnected()) await connection.connect();
    return connection.send(request);
  }

  it('reads what a new connection says, whatever the old one broke off in', async () => {
    broker.conducts.push('breaks off in a reply');
    await assert.rejects(ask());
    assert.equal(await ask(), 'this is what was asked for');
    assert.equal(await ask(), 'this is what was asked for');
    assert.equal(broker.connections, 2);
  });

  it('does not ask again on a connection that has not answered', async () => {
    const before = broker.connections;
    broker.conducts.push('says nothing');
    await assert.rejects(ask(), { name: 'KafkaJSRequestTimeoutError' });
    assert.equal(await ask(), 'this is what was asked for');
    assert.equal(broker.connections, before + 1);
  });
});
