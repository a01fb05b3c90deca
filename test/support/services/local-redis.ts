import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { waitUntil } from '../wait-until.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { ensurePrograms, freePorts } from './service-chain.ts';
import type { RedisService, StartRedisOptions } from './start-redis.ts';

const startTimeoutMs = 20_000;

/** As an operator would run it for a fleet; `hz` decides how late a delayed job is. */
export const durableSettings = {
  save: '',
  appendonly: 'yes',
  appendfsync: 'everysec',
  'maxmemory-policy': 'noeviction',
  hz: 100,
} as const;

/** One `redis-server` on a free port and a folder of its own. */
export async function startLocalRedis({ settings }: StartRedisOptions = {}): Promise<RedisService> {
  ensurePrograms(['redis-server'], ['redis-server']);
  const folder = makeTemporaryFolder('redis');
  const [port] = (await freePorts(1)) as [number];
  const url = `redis://127.0.0.1:${port}`;
  const appendOnly = join(folder.path, 'appendonlydir');
  // A tail that was cut is no reason to stay down: what was cut is gone, as everything in here may be.
  const all = {
    port,
    bind: '127.0.0.1',
    dir: folder.path,
    'aof-load-truncated': 'yes',
    ...durableSettings,
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let server: GuardedProcess | null = null;
  const isRunning = (): boolean => server !== null && !server.hasEnded();

  async function start(): Promise<void> {
    const logPath = join(folder.path, 'redis.log');
    const started = startGuarded('redis-server', args, logPath);
    server = started;
    await waitUntil(
      `Redis on ${url}`,
      () => {
        if (started.hasEnded()) throw new Error(`redis-server ended: see ${logPath}`);
        return answers(url);
      },
      { withinMs: startTimeoutMs },
    );
  }
  await start().catch(async (error: unknown) => {
    if (isRunning()) await server?.kill('SIGKILL');
    throw error; // with its folder, and the server's own words in it
  });
  return {
    url,
    get pid() {
      return server?.pid ?? null;
    },
    directory: folder.path,
    async kill(signal = 'SIGKILL') {
      if (isRunning()) await server?.kill(signal);
    },
    async restart() {
      if (isRunning()) await server?.kill('SIGKILL');
      await start();
    },
    cutTail(bytes) {
      if (isRunning()) throw new Error('the tail is cut only while the server is down');
      const newest = readdirSync(appendOnly)
        .filter(name => name.endsWith('.incr.aof'))
        .sort()
        .at(-1);
      if (newest === undefined) return;
      const path = join(appendOnly, newest);
      truncateSync(path, Math.max(0, statSync(path).size - bytes));
    },
    async flush() {
      const client = new Redis(url);
      await client.flushall();
      client.disconnect();
    },
    async stop() {
      // Nothing of it is wanted any more, so it need not end in order.
      if (isRunning()) await server?.kill('SIGKILL');
      folder.remove();
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: 1_000 });
  client.on('error', () => {}); // told by the rejection below
  try {
    await client.connect();
    return (await Promise.race([client.ping(), sleep(1_000, '')])) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}
