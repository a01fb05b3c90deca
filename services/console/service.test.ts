import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log } from '#ports/log.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { readPageFiles } from './page-files.ts';
import { type ConsoleOptions, type RunningConsole, startConsole } from './service.ts';

const token = 'sesame-sesame-sesame';

async function setup(
  test: TestContext,
  options: Partial<ConsoleOptions> = {},
): Promise<{ running: RunningConsole; log: Log; address: string; path: string }> {
  const folder = makeTemporaryFolder('console');
  const log = createMemoryCluster().connect();
  const path = join(folder.path, 'projection.db');
  const running = await startConsole({
    host: '127.0.0.1',
    port: 0,
    token: null,
    log,
    intakeGroup: 'accumulator',
    projectionPath: path,
    hints: null,
    queues: { why: 'Redis is not configured' },
    source: { name: 'a log in memory', isSimulated: true },
    clock: systemClock,
    ...options,
  });
  test.after(async () => {
    await running.close();
    folder.remove();
  });
  return { running, log, path, address: `http://127.0.0.1:${new URL(running.url).port}` };
}

const appendDocuments = (log: Log, count: number) =>
  log.append({
    topic: 'documents',
    partition: 0,
    records: Array.from({ length: count }, (_, n) => ({
      key: null,
      value: Buffer.from(`{"custom_id":"c-${n}"}`),
      headers: {},
    })),
  });

const panels = ['batches', 'dead-letters', 'document', 'flow', 'lanes', 'money', 'workers'];
const modules = ['console', 'draw', 'parts', 'words', ...panels].map(name => `/${name}.js`);
const page = ['/', '/icon.svg', '/console.css', ...modules].sort();

/** Every path that is served, and some that are not. */
const guarded = [
  ...page,
  '/api/overview',
  '/api/documents?name=c-1',
  '/queues',
  '/queues/api/queues',
  '/nothing',
  '//api/overview',
  '/api/%6fverview',
];
const open = ['/healthz', '/readyz'];

describe('the page', () => {
  it('serves its own files, and no other', () => {
    assert.deepEqual(
      readPageFiles()
        .map(({ path }) => path)
        .sort(),
      page,
    );
  });
});

describe('access to the console (T13)', () => {
  it('is refused on an address that others reach, unless there is a token', async t => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      await assert.rejects(setup(t, { host }), (error: FlotillaError) => {
        return error.code === 'invalid-config' && error.where === 'console.token';
      });
    }
  });

  it('takes the right token on every route, and nothing else on any', async t => {
    const { address, running } = await setup(t, { host: '0.0.0.0', token });
    await waitUntil('it is live', () => running.keeper.freshness.is === 'live');
    const wrong = [
      {},
      { authorization: 'Bearer wrong-wrong-wrong-wrong' },
      { authorization: 'Basic d3Jvbmc6d3Jvbmc=' },
    ];
    for (const path of [...guarded, '/api/events']) {
      for (const headers of wrong) {
        for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']) {
          const reply = await fetch(address + path, { method, headers, signal: AbortSignal.timeout(5_000) });
          assert.equal(reply.status, 401, `${method} ${path} ${JSON.stringify(headers)}`);
          assert.match(reply.headers.get('www-authenticate') ?? '', /^Basic /);
          assert.equal(reply.headers.has('set-cookie'), false);
          await reply.body?.cancel();
        }
      }
    }
    for (const path of guarded) {
      const reply = await fetch(address + path, { headers: { authorization: `Bearer ${token}` } });
      const isServed = !path.startsWith('/queues') && !['/nothing', '//api/overview'].includes(path);
      assert.equal(reply.status, isServed ? 200 : 404, path);
      await reply.body?.cancel();
    }
    for (const path of open) {
      const reply = await fetch(address + path);
      assert.equal(reply.status, 200, path);
      assert.deepEqual(Object.keys((await reply.json()) as object), ['status'], 'it says nothing but that');
    }
    const events = await firstEvent(address, {
      authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}`,
    });
    assert.equal(events.source.name, 'a log in memory');
  });

  it('needs the token on loopback too, once there is one', async t => {
    const { address } = await setup(t, { token });
    assert.equal((await fetch(`${address}/api/overview`)).status, 401);
  });

  it('answers on loopback to no other name than that of this machine', async t => {
    const { address } = await setup(t);
    const status = await new Promise<number | undefined>(resolve => {
      const { port } = new URL(address);
      get({ host: '127.0.0.1', port, path: '/api/overview', headers: { host: 'rebound.example' } }, reply => {
        reply.resume();
        resolve(reply.statusCode);
      });
    });
    assert.equal(status, 421);
  });

  it('is for looking: nobody can have anything changed, least of all a page from elsewhere (T14)', async t => {
    const { address } = await setup(t);
    for (const path of [...guarded, ...open]) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const reply = await fetch(address + path, { method, headers: { origin: 'https://evil.example' } });
        assert.deepEqual([reply.status, reply.headers.get('allow')], [405, 'GET, HEAD'], `${method} ${path}`);
      }
    }
  });

  it('lets nothing in from elsewhere, and stands in no frame', async t => {
    const { address } = await setup(t);
    for (const path of [...guarded, ...open]) {
      const { headers } = await fetch(address + path);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/, path);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /script-src [^;]*unsafe|https?:|\*/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('access-control-allow-origin'), null);
    }
  });
});

describe('the console', () => {
  it('has no queue board without Redis, and says so', async t => {
    const { address } = await setup(t);
    for (const path of ['/queues', '/queues/', '/queues/api/queues']) {
      const reply = await fetch(address + path);
      assert.deepEqual([reply.status, await reply.json()], [404, { error: 'Redis is not configured' }]);
    }
    const { board } = await firstEvent(address);
    assert.deepEqual(board, { why: 'Redis is not configured' });
  });

  it('keeps a screen connected while its projection is deleted and built again', async t => {
    const { address, log, path } = await setup(t);
    await appendDocuments(log, 30);
    const stream = await openEvents(t, address);
    await stream.until(({ state, documents }) => state === 'live' && documents?.read === 30);
    rmSync(path);
    await appendDocuments(log, 5);
    // Never more than there is, and never the old figures as if they were new.
    const seen = await stream.until(({ state, documents }) => state === 'live' && documents?.read === 35);
    assert.ok(seen.every(({ documents }) => documents === null || documents.read <= 35));
  });

  it('says why it does not go on while the log is away, and goes on when it is back', async t => {
    const cluster = createMemoryCluster().connect();
    let isAway = false;
    const log: Log = new Proxy(cluster, {
      get(target, name) {
        const value = target[name as keyof Log];
        if (typeof value !== 'function') return value;
        return (...args: never[]) => {
          if (isAway && name !== 'partitions')
            return Promise.reject(new FlotillaError('log-unavailable', { why: 'gone' }));
          return (value as (...given: never[]) => unknown).apply(target, args);
        };
      },
    });
    const { address } = await setup(t, { log });
    const stream = await openEvents(t, address);
    await stream.until(({ state }) => state === 'live');
    isAway = true;
    await stream.until(({ trouble, intake }) => /gone/.test(trouble ?? '') && intake === null);
    isAway = false;
    await stream.until(({ trouble, state, intake }) => trouble === null && state === 'live' && intake !== null);
  });

  it('says that its log is another one, and shows no old figures as if they were new', async t => {
    let fault: string | null = null;
    const { address } = await setup(t, { logFault: () => fault });
    const stream = await openEvents(t, address);
    await stream.until(({ state }) => state === 'live');
    fault = 'it was deleted';
    await stream.until(({ state, trouble }) => state === 'stale' && /it was deleted/.test(trouble ?? ''));
  });

  it('serves so many screens and no more, and has room again when one is closed', async t => {
    const { address, running } = await setup(t, { screensMax: 2 });
    const first = await openEvents(t, address);
    await openEvents(t, address);
    const third = await fetch(`${address}/api/events`);
    assert.deepEqual([third.status, third.headers.get('retry-after')], [503, '10']);
    first.close();
    await waitUntil('there is room', () => running.events.hasRoom);
    await openEvents(t, address);
  });

  it('finds a document by its name, and refuses a name that is none', async t => {
    const { address, log, running } = await setup(t);
    await appendDocuments(log, 3);
    await waitUntil('it is read', () => running.keeper.projection?.totals.read().documents === 3);
    const found = (await (await fetch(`${address}/api/documents?name=c-2`)).json()) as {
      documents: { rid: string; now: string; steps: { text: string }[] }[];
    };
    assert.deepEqual(
      found.documents.map(({ rid, now, steps }) => [rid, now, steps.map(({ text }) => text)]),
      [['0/2', 'in no batch yet: in an open lane, or not read', ['appended to documents as 0/2']]],
    );
    for (const query of ['', '?name=', `?name=${'x'.repeat(257)}`, '?name=a&name=b']) {
      assert.equal((await fetch(`${address}/api/documents${query}`)).status, 400, query);
    }
    const none = (await (await fetch(`${address}/api/documents?name=__proto__`)).json()) as { documents: unknown[] };
    assert.deepEqual(none.documents, []);
  });
});

interface Overview {
  state: string;
  trouble: string | null;
  source: { name: string };
  board: unknown;
  intake: object | null;
  documents: { read: number } | null;
}

interface Events {
  /** Reads on until one event is so; all that were read. */
  until(isSo: (overview: Overview) => boolean): Promise<Overview[]>;
  close(): void;
}

async function openEvents(test: TestContext, address: string, headers: Record<string, string> = {}): Promise<Events> {
  const controller = new AbortController();
  test.after(() => controller.abort());
  const reply = await fetch(`${address}/api/events`, { headers, signal: controller.signal });
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('content-type') ?? '', /^text\/event-stream/);
  const reader = (reply.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async until(isSo) {
      const seen: Overview[] = [];
      for (const giveUpAt = performance.now() + 30_000; performance.now() < giveUpAt; ) {
        const { value, done } = await reader.read();
        assert.equal(done, false, 'the stream ended');
        text += value;
        const messages = text.split('\n\n');
        text = messages.pop() as string;
        for (const message of messages) {
          const data = /^data: (.*)$/m.exec(message)?.[1];
          if (data === undefined) continue;
          seen.push(JSON.parse(data) as Overview);
          if (isSo(seen.at(-1) as Overview)) return seen;
        }
      }
      throw new Error(`it never came; the last was ${JSON.stringify(seen.at(-1))}`);
    },
    close: () => controller.abort(),
  };
}

async function firstEvent(address: string, headers: Record<string, string> = {}): Promise<Overview> {
  const controller = new AbortController();
  const test = { after: () => {} } as unknown as TestContext;
  const events = await openEvents(test, address, headers);
  const [first] = await events.until(() => true);
  events.close();
  controller.abort();
  return first as Overview;
}
