import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openRedis } from '#adapters/redis/open-redis.ts';
import { openRedisPayloadStore } from '#adapters/redis/open-redis-payload-store.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { openQueue } from '#test/support/services/open-queue.ts';
import { freePorts } from '#test/support/services/service-chain.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';

const megabyte = 1024 ** 2;

async function withRedis(
  settings: Record<string, string | number>,
  act: (service: RedisService) => Promise<void>,
): Promise<void> {
  const service = await startRedis({ settings });
  try {
    await act(service);
  } finally {
    await service.stop();
  }
}

describe('a Redis that is not fit', () => {
  it('is refused when it may throw keys away, with what to do (B3)', () =>
    withRedis({ 'maxmemory-policy': 'allkeys-lru' }, async ({ url }) => {
      await assert.rejects(openRedis({ url }), (error: unknown) => {
        assert.ok(error instanceof FlotillaError);
        assert.equal(error.code, 'redis-unfit');
        assert.equal(error.isRetryable, false);
        assert.equal(error.where, url);
        assert.match(error.why, /allkeys-lru/);
        assert.match(error.fix, /noeviction/);
        return true;
      });
    }));

  it('is in trouble when its policy was changed while it was away', () =>
    withRedis({}, async service => {
      const troubles: (string | undefined)[] = [];
      const redis = await openRedis({ url: service.url, onTrouble: trouble => troubles.push(trouble?.code) });
      const other = new Redis(service.url);
      await other.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await other.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      while (redis.trouble()?.code !== 'redis-unfit') await sleep(20);
      await other.config('SET', 'maxmemory-policy', 'noeviction');
      await other.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      while (redis.trouble() !== null) await sleep(20);
      assert.ok(troubles.includes('redis-unfit') && troubles.at(-1) === undefined, String(troubles));
      other.disconnect();
      await redis.close();
    }));

  it('is refused at once when it refuses the password, which is never shown', () =>
    withRedis({}, async ({ url }) => {
      const operator = new Redis(url);
      await operator.config('SET', 'requirepass', 'correct');
      operator.disconnect();
      const wrong = url.replace('redis://', 'redis://:wrong-secret@');
      await assert.rejects(openRedis({ url: wrong }), (error: unknown) => {
        assert.ok(error instanceof FlotillaError);
        assert.equal(error.code, 'redis-unfit');
        assert.doesNotMatch(`${error.message} ${error.where} ${error.fix}`, /wrong-secret/);
        return true;
      });
      const redis = await openRedis({ url: url.replace('redis://', 'redis://:correct@') });
      assert.equal(await redis.client.ping(), 'PONG');
      await redis.close();
    }));

  it('is waited for, then named, when nothing answers', async () => {
    const [port] = await freePorts(1);
    const startedOn = performance.now();
    await assert.rejects(openRedis({ url: `redis://127.0.0.1:${port}`, startMs: 1_000 }), {
      code: 'queue-unavailable',
      isRetryable: true,
      where: `redis://127.0.0.1:${port}`,
    });
    assert.ok(performance.now() - startedOn >= 990);
  });
});

describe('a Redis whose memory is full (B4)', () => {
  it('refuses jobs before the bound, keeps giving out those it has, and is well again by itself', () =>
    withRedis({ maxmemory: `${24 * megabyte}b` }, async ({ url }) => {
      const prefix = freshTopicPrefix();
      const open = await openQueue({ url, prefix });
      const payloads = openRedisPayloadStore({ redis: open.redis, prefix });
      const { queue, redis } = open;
      for (let index = 0; index < 20; index++) await queue.add({ queue: 'submit', id: `m${index}`, account: 'main' });
      await fill(url, 0.9);
      while (redis.memory.hasRoomForJobs()) await sleep(50);
      await assert.rejects(queue.add({ queue: 'submit', id: 'late', account: 'main' }), {
        code: 'queue-unavailable',
        isRetryable: true,
      });
      await payloads.put('bk', Buffer.alloc(1_000));
      assert.equal(await payloads.get('bk'), null);
      const taken = await queue.take('submit', { limit: 50, lockMs: 60_000, waitMs: 0 });
      assert.equal(taken.length, 20);
      for (const { id } of taken) await queue.done('submit', id);
      // Full to the last byte: nothing works, nothing throws what it must not, nothing hangs.
      await fill(url, 1);
      assert.deepEqual(await queue.take('submit', { limit: 1, lockMs: 60_000, waitMs: 500 }), []);
      await payloads.put('bk', Buffer.alloc(1_000));
      await empty(url);
      while (!redis.memory.hasRoomForPayloads()) await sleep(50);
      await payloads.put('bk', Buffer.alloc(1_000));
      assert.equal((await payloads.get('bk'))?.byteLength, 1_000);
      await queue.add({ queue: 'submit', id: 'late', account: 'main' });
      assert.equal((await queue.take('submit', { limit: 1, lockMs: 60_000, waitMs: 5_000 }))[0]?.id, 'late');
      await open.close();
    }));
});

/** Somebody else's data, up to this part of `maxmemory`. */
async function fill(url: string, share: number): Promise<void> {
  const client = new Redis(url);
  for (let index = 0; ; index++) {
    const info = await client.info('memory');
    const used = Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
    const bound = Number(/^maxmemory:(\d+)/m.exec(info)?.[1]);
    if (used >= share * bound) break;
    const isStored = await client.set(`foreign-${share}-${index}`, Buffer.alloc(64 * 1024)).catch(() => null);
    if (isStored === null) break;
  }
  client.disconnect();
}

async function empty(url: string): Promise<void> {
  const client = new Redis(url);
  const keys = await client.keys('foreign-*');
  await client.unlink(...keys);
  client.disconnect();
}
