import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRedisHints } from '#adapters/redis/open-redis-hints.ts';
import { openRedisPayloadStore } from '#adapters/redis/open-redis-payload-store.ts';
import type { Hints } from '#ports/hints.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import { startFaultProxy } from '#test/support/fault-proxy/start-fault-proxy.ts';
import { type OpenQueue, openQueue } from '#test/support/services/open-queue.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';

const awayMs = 20_000;
/** A few moments of a machine that is busy with other tests. */
const atOnceMs = 1_500;
const isUnavailable = { code: 'queue-unavailable', isRetryable: true };

/** Adds a job of its own again and again until one comes back out. @returns how long that took, in ms */
async function fullWay({ queue }: OpenQueue, id: string): Promise<number> {
  const startedOn = performance.now();
  for (;;) {
    await queue.add({ queue: 'submit', id, account: 'main' }).catch(() => sleep(20));
    const jobs = await queue.take('submit', { limit: 10, lockMs: 60_000, waitMs: 20 });
    for (const job of jobs) await queue.done('submit', job.id);
    if (jobs.some(job => job.id === id)) return performance.now() - startedOn;
    assert.ok(performance.now() - startedOn < 30_000, 'the queue did not work again');
  }
}

async function timed<T>(act: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startedOn = performance.now();
  return { value: await act(), tookMs: performance.now() - startedOn };
}

/** What is promised of a server that is not there; `slackMs` is how long it takes to find that out. */
async function assertAway(
  open: OpenQueue,
  { payloads, hints, slackMs }: { payloads: PayloadStore; hints: Hints; slackMs: number },
): Promise<void> {
  const add = await timed(() => assert.rejects(open.queue.add({ queue: 'submit', id: 'x' }), isUnavailable));
  const done = await timed(() => assert.rejects(open.queue.done('submit', 'x'), isUnavailable));
  const put = await timed(() => payloads.put('x', Buffer.from('x')));
  const get = await timed(() => payloads.get('x'));
  const note = await timed(() => hints.put('x', 1, 60_000));
  const list = await timed(() => assert.rejects(hints.list(''), isUnavailable));
  assert.equal(get.value, null);
  for (const { tookMs } of [add, done, put, get, note, list]) assert.ok(tookMs < slackMs, `${tookMs} ms`);
  const take = await timed(() => open.queue.take('submit', { limit: 1, lockMs: 60_000, waitMs: 1_000 }));
  assert.deepEqual(take.value, []);
  assert.ok(take.tookMs > 900 && take.tookMs < 1_000 + slackMs, `${take.tookMs} ms`);
  assert.equal(open.redis.trouble()?.code, 'queue-unavailable');
}

describe('Redis goes away', () => {
  let service: RedisService;
  before(async () => {
    service = await startRedis({ isOwn: true });
  });
  after(() => service.stop());

  it(`for ${awayMs / 1_000} s: everything says so at once, and works again when it is back (B2, C22)`, async t => {
    const prefix = freshTopicPrefix();
    const open = await openQueue({ url: service.url, prefix });
    const payloads = openRedisPayloadStore({ redis: open.redis, prefix });
    const hints = openRedisHints({ redis: open.redis, prefix });
    try {
      await fullWay(open, 'before');
      await open.queue.add({ queue: 'submit', id: 'waits', account: 'main' });
      await open.queue.add({ queue: 'submit', id: 'due', account: 'main', delayMs: 5_000 });
      await service.kill();
      const goneOn = performance.now();
      await sleep(200);
      await assertAway(open, { payloads, hints, slackMs: atOnceMs });
      const waiting = open.queue.take('collect', { limit: 1, lockMs: 60_000, waitMs: awayMs + 30_000 });
      await sleep(awayMs - (performance.now() - goneOn));
      await service.restart();
      const backMs = await fullWay(open, 'after');
      t.diagnostic(`the first job added after ${awayMs} ms of absence was taken after ${Math.round(backMs)} ms`);
      assert.ok(backMs < 3_000 + atOnceMs, `${backMs} ms`);
      // Whoever waited all the while is woken, and nothing that was there before is lost.
      await open.queue.add({ queue: 'collect', id: 'wakes', account: 'main' });
      assert.deepEqual(
        (await waiting).map(({ id }) => id),
        ['wakes'],
      );
      assert.equal(open.redis.trouble(), null);
    } finally {
      await open.close();
    }
  });

  it('and answers nothing, with its connections open: given up within seconds, and found again', async t => {
    const target = new URL(service.url);
    const proxy = await startFaultProxy({ seed: 1, target: { host: target.hostname, port: Number(target.port) } });
    const prefix = freshTopicPrefix();
    const open = await openQueue({ url: `redis://127.0.0.1:${proxy.port}`, prefix });
    const payloads = openRedisPayloadStore({ redis: open.redis, prefix });
    const hints = openRedisHints({ redis: open.redis, prefix });
    try {
      await fullWay(open, 'before');
      proxy.setFaults({ blackhole: true });
      await assert.rejects(open.queue.add({ queue: 'submit', id: 'first' }), isUnavailable); // finds it out
      await assertAway(open, { payloads, hints, slackMs: atOnceMs });
      proxy.setFaults({});
      const backMs = await fullWay(open, 'after');
      t.diagnostic(`${Math.round(backMs)} ms after the connection answered again a job went all the way`);
      assert.ok(backMs < 8_000, `${backMs} ms`);
      assert.ok(proxy.counts().blackholed > 0);
    } finally {
      await open.close();
      await proxy.close();
    }
  });

  it('behind one script that blocks it for seconds: said at once, and over when it is over (B5)', async t => {
    const open = await openQueue({ url: service.url, prefix: freshTopicPrefix() });
    try {
      await fullWay(open, 'before');
      process.kill(service.pid as number, 'SIGSTOP');
      const add = await timed(() => assert.rejects(open.queue.add({ queue: 'submit', id: 'x' }), isUnavailable));
      assert.ok(add.tookMs < 3_000 + atOnceMs, `${add.tookMs} ms`);
      await sleep(4_000);
      process.kill(service.pid as number, 'SIGCONT');
      const backMs = await fullWay(open, 'after');
      t.diagnostic(`refused after ${Math.round(add.tookMs)} ms; well ${Math.round(backMs)} ms after it went on`);
      assert.ok(backMs < 3_000 + atOnceMs, `${backMs} ms`);
    } finally {
      process.kill(service.pid as number, 'SIGCONT');
      await open.close();
    }
  });

  it('and comes back empty while jobs are taken: nothing hangs, and what is added again runs again (C22)', async () => {
    const open = await openQueue({ url: service.url, prefix: freshTopicPrefix() });
    const { queue } = open;
    const stop = new AbortController();
    const finished = new Set<string>();
    const workers = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        const jobs = await queue.take('submit', { limit: 3, lockMs: 60_000, waitMs: 300, signal: stop.signal });
        await sleep(5);
        for (const { id } of jobs) await queue.done('submit', id);
        for (const { id } of jobs) finished.add(id);
      }
    });
    try {
      const wanted = Array.from({ length: 600 }, (_, index) => `f${index}`);
      for (const [index, id] of wanted.entries()) {
        await queue.add({ queue: 'submit', id, account: 'main' });
        if (index % 150 === 149) await service.flush();
      }
      // The sweep: whatever is not finished is hinted at again.
      for (let sweep = 0; sweep < 20 && finished.size < wanted.length; sweep++) {
        for (const id of wanted) if (!finished.has(id)) await queue.add({ queue: 'submit', id, account: 'main' });
        await sleep(500);
      }
      assert.equal(finished.size, wanted.length);
      await queue.add({ queue: 'retry', id: '0-1-0', delayMs: 300 });
      const [retry] = await queue.take('retry', { limit: 1, lockMs: 60_000, waitMs: 5_000 });
      assert.equal(retry?.id, '0-1-0');
    } finally {
      stop.abort();
      await Promise.all(workers);
      await open.close();
    }
  });
});
