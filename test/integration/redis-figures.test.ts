import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type OpenQueue, openQueue } from '#test/support/services/open-queue.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';

const jobs = 6_000;
const loops = 16;
const waitingJobs = 20_000;

/** Calls a second of `count` calls, so many at once. */
async function rate(count: number, atOnce: number, act: (index: number) => Promise<unknown>): Promise<number> {
  const startedOn = performance.now();
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return (1_000 * count) / (performance.now() - startedOn);
}

describe('what the work queue costs', () => {
  let service: RedisService;
  let open: OpenQueue;
  before(async () => {
    service = await startRedis({ isOwn: true });
    open = await openQueue({ url: service.url, prefix: freshTopicPrefix() });
  });
  after(async () => {
    await open.close();
    await service.stop();
  });

  it('in time: a job added, taken and done, beside as many single commands of the same server', async t => {
    const { queue, redis } = open;
    const bare = await rate(3 * jobs, loops, () => redis.client.incr('anchor'));
    const add = await rate(jobs, loops, index => queue.add({ queue: 'submit', id: `j${index}`, account: 'main' }));
    const takeAndDone = await rate(jobs, loops, async () => {
      const [job] = await queue.take('submit', { limit: 1, lockMs: 60_000, waitMs: 5_000 });
      if (job) await queue.done('submit', job.id);
    });
    const wholeWay = 1 / (1 / add + 1 / takeAndDone);
    const share = wholeWay / (bare / 3);
    t.diagnostic(
      `bare INCR ${Math.round(bare)}/s; add ${Math.round(add)}/s; take and done ${Math.round(takeAndDone)}/s; ` +
        `the whole way ${Math.round(wholeWay)}/s, ${share.toFixed(2)} of three bare commands`,
    );
    assert.deepEqual(await queue.depths(), { submit: 0, collect: 0, retry: 0 });
    // A job is a batch of a hundred documents: a thousand documents a second are ten jobs.
    assert.ok(share > 0.04, `${share}`);
  });

  it('in memory: a waiting job, and nothing once it is done', async t => {
    const { queue, redis } = open;
    const usedBytes = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await redis.client.info())?.[1]);
    const before = await usedBytes();
    const idOf = (index: number): string => `0-${1_000_000 + index}-1`;
    await rate(waitingJobs, loops, index => queue.add({ queue: 'retry', id: idOf(index), delayMs: 600_000 }));
    const perJob = ((await usedBytes()) - before) / waitingJobs;
    t.diagnostic(`${Math.round(perJob)} bytes of Redis for a waiting job`);
    assert.ok(perJob < 1_000, `${perJob}`);
    await rate(waitingJobs, loops, index => queue.done('retry', idOf(index)));
    const left = ((await usedBytes()) - before) / waitingJobs;
    t.diagnostic(`${Math.round(left)} bytes are left of each once it is done`);
    assert.ok(left < 100, `${left}`);
  });
});
