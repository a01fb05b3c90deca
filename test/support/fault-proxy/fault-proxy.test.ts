import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil as waitLong } from '#test/support/wait-until.ts';
import { kafkaKeys } from './kafka-requests.ts';
import { drawFate, type LinkFaults } from './link-faults.ts';
import { type FaultProxy, startFaultProxy } from './start-fault-proxy.ts';

const waitUntil = (what: string, isTrue: () => boolean): Promise<void> => waitLong(what, isTrue, { withinMs: 5_000 });

/** A server that says everything back, and knows what it was told. */
class Echo {
  readonly heard: Buffer[] = [];
  readonly endings: ('end' | 'error')[] = [];
  readonly #server: Server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('data', piece => {
      this.heard.push(piece);
      socket.write(piece);
    });
    socket.on('end', () => {
      this.endings.push('end');
      socket.end();
    });
    socket.on('error', () => this.endings.push('error'));
  });

  async start(): Promise<{ host: string; port: number }> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  heardBytes(): number {
    return this.heard.reduce((sum, piece) => sum + piece.byteLength, 0);
  }

  close(): void {
    this.#server.close();
  }
}

/** A client that remembers what came back and how it ended. */
class Client {
  readonly socket: Socket;
  readonly #pieces: Buffer[] = [];
  ending: 'open' | 'end' | 'reset' = 'open';

  constructor({ host, port }: { host: string; port: number }) {
    this.socket = connect({ host, port });
    this.socket.on('data', piece => this.#pieces.push(piece));
    this.socket.on('end', () => {
      if (this.ending === 'open') this.ending = 'end';
    });
    this.socket.on('error', () => {
      this.ending = 'reset';
    });
  }

  heard(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  isEnded(): boolean {
    return this.ending !== 'open';
  }
}

describe('fault proxy', () => {
  async function withProxy(
    faults: LinkFaults,
    test: (proxy: FaultProxy, echo: Echo) => Promise<void>,
    { seed = 1 }: { seed?: number } = {},
  ): Promise<void> {
    const echo = new Echo();
    const proxy = await startFaultProxy({ seed, target: await echo.start(), faults });
    try {
      await test(proxy, echo);
    } finally {
      await proxy.close();
      echo.close();
    }
  }

  it('passes bytes and ends on, both ways, as they come', () =>
    withProxy({}, async (proxy, echo) => {
      const client = new Client(proxy);
      const megabytes = Buffer.alloc(3_000_000, 'abcdefg');
      client.socket.end(megabytes);
      await waitUntil('the end came back', () => client.isEnded());
      assert.equal(client.ending, 'end');
      assert.ok(client.heard().equals(megabytes));
      assert.deepEqual(echo.endings, ['end']);
      assert.equal(proxy.counts().toServer, megabytes.byteLength);
      await waitUntil('the connection is forgotten', () => proxy.openConnections() === 0);
    }));

  it('holds every piece for its delay and keeps the order', () =>
    withProxy({ delayMs: [60, 120] }, async proxy => {
      const client = new Client(proxy);
      const startedOn = performance.now();
      for (let number = 0; number < 20; number++) {
        client.socket.write(`${number} `);
        await sleep(2);
      }
      const all = Array.from({ length: 20 }, (_, number) => `${number} `).join('');
      await waitUntil('all is back', () => client.heard().byteLength === all.length);
      assert.equal(client.heard().toString(), all);
      assert.ok(performance.now() - startedOn >= 120, 'there and back');
    }));

  it('lets through so many bytes a second', () =>
    withProxy({ bytesPerSecond: 200_000 }, async proxy => {
      const client = new Client(proxy);
      const startedOn = performance.now();
      client.socket.write(Buffer.alloc(60_000));
      await waitUntil('all is back', () => client.heard().byteLength === 60_000);
      assert.ok(performance.now() - startedOn >= 300);
    }));

  it('cuts after exactly n bytes, as if it had ended well', () =>
    withProxy({ cut: { probability: 1, afterBytes: [10_000, 10_000] } }, async (proxy, echo) => {
      const client = new Client(proxy);
      client.socket.write(Buffer.alloc(30_000));
      await waitUntil('the end', () => client.isEnded());
      assert.equal(client.ending, 'end');
      await waitUntil('the server heard it', () => echo.endings.length > 0);
      assert.equal(echo.heardBytes() + client.heard().byteLength, 10_000);
      assert.equal(proxy.counts().cut, 1);
    }));

  it('resets after n bytes', () =>
    withProxy({ reset: { probability: 1, afterBytes: [5_000, 5_000] } }, async proxy => {
      const client = new Client(proxy);
      client.socket.write(Buffer.alloc(30_000));
      await waitUntil('the reset', () => client.isEnded());
      assert.equal(client.ending, 'reset');
      assert.ok(proxy.counts().toServer <= 5_000);
      assert.equal(proxy.counts().reset, 1);
    }));

  it('accepts and never answers', () =>
    withProxy({ halfOpen: { probability: 1, afterBytes: [0, 0], way: 'both' } }, async (proxy, echo) => {
      const client = new Client(proxy);
      client.socket.write('is anybody there');
      await once(client.socket, 'connect');
      await sleep(150);
      assert.deepEqual([client.ending, client.heard().byteLength, echo.heardBytes()], ['open', 0, 0]);
      assert.equal(proxy.counts()['half-open'], 1);
    }));

  it('stops one way only: what is asked arrives, the answer does not', () =>
    withProxy({ halfOpen: { probability: 1, afterBytes: [4, 4], way: 'to-client' } }, async (proxy, echo) => {
      const client = new Client(proxy);
      client.socket.write('ping and more');
      await waitUntil('the server heard all', () => echo.heardBytes() === 13);
      await sleep(100);
      client.socket.write(' and more');
      await waitUntil('the server hears on', () => echo.heardBytes() === 22);
      assert.equal(client.heard().byteLength, 0);
      assert.equal(client.ending, 'open');
    }));

  it('holds everything in a blackhole, ends too, and delivers it when that is over', () =>
    withProxy({}, async (proxy, echo) => {
      const client = new Client(proxy);
      client.socket.write('before ');
      await waitUntil('it passes', () => client.heard().byteLength === 7);
      proxy.setFaults({ blackhole: true });
      client.socket.end('after');
      const late = new Client(proxy);
      late.socket.write('late');
      await sleep(150);
      assert.deepEqual([echo.heardBytes(), echo.endings.length, client.ending], [7, 0, 'open']);
      assert.equal(proxy.counts().blackholed, 2);
      proxy.setFaults({});
      await waitUntil('both went on', () => client.isEnded() && late.heard().byteLength === 4);
      assert.equal(client.heard().toString(), 'before after');
    }));

  it('refuses new connections and leaves the others', () =>
    withProxy({}, async proxy => {
      const old = new Client(proxy);
      old.socket.write('1');
      await waitUntil('it passes', () => old.heard().byteLength === 1);
      proxy.setFaults({ refuse: true });
      const refused = new Client(proxy);
      refused.socket.write('1');
      await waitUntil('it is refused', () => refused.ending === 'reset');
      old.socket.write('2');
      await waitUntil('the other goes on', () => old.heard().byteLength === 2);
    }));

  it('resets all open connections when told to, and the server hears it', () =>
    withProxy({}, async (proxy, echo) => {
      const client = new Client(proxy);
      client.socket.write('1');
      await waitUntil('it passes', () => client.heard().byteLength === 1);
      proxy.resetAll();
      await waitUntil('both heard it', () => client.ending === 'reset' && echo.endings.length > 0);
      assert.equal(echo.endings[0], 'error');
      assert.equal(proxy.counts().dropped, 1);
    }));

  it('makes some requests of Kafka wait, and leaves the others whole', async () => {
    const request = (key: number, text: string): Buffer => {
      const head = Buffer.alloc(6);
      head.writeUInt32BE(2 + text.length);
      head.writeInt16BE(key, 4);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    const echo = new Echo();
    const faults = { lateRequests: { keys: [kafkaKeys.endTxn], delayMs: [150, 150] } } as const;
    const proxy = await startFaultProxy({ seed: 1, target: await echo.start(), isKafka: true, faults });
    try {
      const client = new Client(proxy);
      const [produce, endTxn] = [request(kafkaKeys.produce, 'at once'), request(kafkaKeys.endTxn, 'late')];
      client.socket.write(Buffer.concat([produce, endTxn.subarray(0, 5)]));
      client.socket.write(endTxn.subarray(5));
      await waitUntil('the first is back', () => client.heard().equals(produce));
      const heardOn = performance.now();
      await waitUntil('the second is back', () => client.heard().equals(Buffer.concat([produce, endTxn])));
      assert.ok(performance.now() - heardOn > 100);
      assert.equal(proxy.counts().late, 1);
    } finally {
      await proxy.close();
      echo.close();
    }
  });

  it('passes on that the server is gone', async () => {
    const gone = createServer();
    gone.listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    const proxy = await startFaultProxy({ seed: 1, target: { host: '127.0.0.1', port } });
    try {
      const client = new Client(proxy);
      await waitUntil('the reset', () => client.ending === 'reset');
    } finally {
      await proxy.close();
    }
  });

  it('deals the same fates for the same seed', async () => {
    const faults: LinkFaults = {
      cut: { probability: 0.3, afterBytes: [0, 1_000] },
      reset: { probability: 0.3, afterBytes: [0, 1_000] },
      halfOpen: { probability: 0.3, afterBytes: [0, 1_000], way: 'both' },
    };
    const fatesOf = async (seed: number): Promise<number[]> => {
      const fates: number[] = [];
      await withProxy(
        faults,
        async proxy => {
          for (let number = 0; number < 12; number++) {
            const client = new Client(proxy);
            client.socket.end(Buffer.alloc(2_000));
            await once(client.socket, 'connect');
            const { cut, reset, 'half-open': halfOpen } = proxy.counts();
            await waitUntil('its fate is met or it has ended', () => {
              const now = proxy.counts();
              return client.isEnded() || now.cut + now.reset + now['half-open'] > cut + reset + halfOpen;
            });
            const now = proxy.counts();
            fates.push(now.cut * 10_000 + now.reset * 100 + now['half-open']);
            client.socket.destroy();
          }
        },
        { seed },
      );
      return fates;
    };
    assert.deepEqual(await fatesOf(3), await fatesOf(3));
    assert.notDeepEqual(await fatesOf(3), await fatesOf(4));
  });
});

describe('drawFate', () => {
  it('spares where nothing is asked for, and draws where from the range', () => {
    const random = () => 0.5;
    assert.deepEqual(drawFate({}, random), { is: 'spared' });
    const cut = { probability: 0.6, afterBytes: [100, 200] } as const;
    assert.deepEqual(drawFate({ cut }, random), { is: 'cut', afterBytes: 150 });
    assert.deepEqual(drawFate({ cut: { ...cut, probability: 0.5 } }, random), { is: 'spared' });
  });
});
