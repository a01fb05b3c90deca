import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkQueue } from '#ports/work-queue.ts';
import { type OpenQueue, openQueue } from '#test/support/services/open-queue.ts';
import { spawnJobTaker } from '#test/support/services/spawn-job-taker.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';

const brief = { limit: 100, lockMs: 60_000, waitMs: 500 };
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `j${index}`);

/** Takes and finishes until all of these have come, and says how long that took. */
async function finishAll(queue: WorkQueue, wanted: readonly string[], withinMs: number): Promise<number> {
  const startedOn = performance.now();
  const left = new Set(wanted);
  while (left.size > 0) {
    assert.ok(performance.now() - startedOn < withinMs, `${left.size} jobs did not come back within ${withinMs} ms`);
    for (const { id } of await queue.take('submit', brief)) {
      left.delete(id);
      await queue.done('submit', id);
    }
  }
  return performance.now() - startedOn;
}

async function addAll(queue: WorkQueue, wanted: readonly string[]): Promise<void> {
  for (const id of wanted) await queue.add({ queue: 'submit', id, account: 'main' });
}

describe('jobs whose taker is gone (B1)', () => {
  let service: RedisService;
  let open: OpenQueue;
  let prefix: string;
  before(async () => {
    service = await startRedis({ isOwn: true });
    prefix = freshTopicPrefix();
    open = await openQueue({ url: service.url, prefix });
  });
  after(async () => {
    await open.close();
    await service.stop();
  });

  it('come back within seconds when it is killed, whatever their lock', async t => {
    await addAll(open.queue, ids(20));
    const taker = await spawnJobTaker({ url: service.url, prefix, queue: 'submit', limit: 20 });
    assert.deepEqual(taker.taken, ids(20));
    assert.deepEqual(await open.queue.take('submit', { ...brief, waitMs: 0 }), []);
    await taker.signal('SIGKILL');
    const tookMs = await finishAll(open.queue, ids(20), 14_000);
    t.diagnostic(`20 jobs of a killed process came back after ${Math.round(tookMs)} ms`);
  });

  it('stay hidden for longer than a lease while it lives, and come back when it freezes', async t => {
    await addAll(open.queue, ids(5));
    const taker = await spawnJobTaker({ url: service.url, prefix, queue: 'submit', limit: 5 });
    assert.deepEqual(await open.queue.take('submit', { ...brief, waitMs: 9_000 }), []);
    await taker.signal('SIGSTOP');
    try {
      const tookMs = await finishAll(open.queue, ids(5), 14_000);
      t.diagnostic(`5 jobs of a frozen process came back after ${Math.round(tookMs)} ms`);
    } finally {
      await taker.signal('SIGKILL');
    }
  });

  it('are all there after Redis was killed while they were taken, and none twice', async t => {
    const all = ids(300);
    await addAll(open.queue, all);
    const own = await open.queue.take('submit', { ...brief, limit: 50 });
    const taker = await spawnJobTaker({ url: service.url, prefix, queue: 'submit', limit: 50 });
    await service.kill();
    await taker.signal('SIGKILL');
    await service.restart();
    const backOn = performance.now();
    for (const { id } of own) await eventually(() => open.queue.done('submit', id));
    const finished = new Set(own.map(({ id }) => id));
    const tookMs = await finishAll(
      open.queue,
      all.filter(id => !finished.has(id)),
      20_000,
    );
    t.diagnostic(
      `${Math.round(performance.now() - backOn)} ms after Redis was back all was done (${Math.round(tookMs)} ms)`,
    );
    assert.deepEqual(await open.queue.depths(), { submit: 0, collect: 0, retry: 0 });
  });

  it('that were added in a second which Redis lost can be added again (B6, B8)', async () => {
    await addAll(open.queue, ids(50));
    await service.kill();
    service.cutTail(20_000);
    await service.restart();
    const { queue } = open;
    const { submit } = await eventually(() => queue.depths());
    assert.ok(submit < 50, `the tail was cut, and ${submit} are left`);
    await addAll(queue, ids(50));
    await finishAll(queue, ids(50), 20_000);
    assert.equal((await queue.depths()).submit, 0);
  });
});

/** Asked again while the connection is being made again, which refuses at once. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'queue-unavailable');
      if (attempt > 100) throw error;
      await sleep(50);
    }
  }
}
