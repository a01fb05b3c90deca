import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type OpenQueue, openQueue } from '#test/support/services/open-queue.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';

const now = { limit: 50, lockMs: 60_000, waitMs: 0 };
const ids = (jobs: readonly { id: string }[]): string[] => jobs.map(({ id }) => id);

describe('queues of several accounts and processes', () => {
  let service: RedisService;
  const open: OpenQueue[] = [];
  const process = async (options: Omit<Parameters<typeof openQueue>[0], 'url'>): Promise<OpenQueue['queue']> => {
    const opened = await openQueue({ url: service.url, ...options });
    open.push(opened);
    return opened.queue;
  };
  before(async () => {
    service = await startRedis();
  });
  after(async () => {
    await Promise.all(open.map(opened => opened.close()));
    await service.stop();
  });

  it('gives each process the jobs of its accounts, and everybody those of none', async () => {
    const prefix = freshTopicPrefix();
    const one = await process({ prefix, accounts: ['one'] });
    const two = await process({ prefix, accounts: ['two', 'odd: name'] });
    await one.add({ queue: 'submit', id: 'a', account: 'two' });
    await one.add({ queue: 'submit', id: 'b', account: 'one' });
    await one.add({ queue: 'submit', id: 'c', account: 'odd: name' });
    await two.add({ queue: 'collect', id: 'd' });
    await two.add({ queue: 'retry', id: '0-1-1', account: 'two' });
    assert.deepEqual(ids(await one.take('submit', now)), ['b']);
    assert.deepEqual(ids(await two.take('submit', now)).sort(), ['a', 'c']);
    assert.deepEqual(ids(await one.take('collect', now)), ['d']);
    assert.deepEqual(ids(await one.take('retry', now)), ['0-1-1']);
  });

  it('does not let one account starve another', async () => {
    const queue = await process({ prefix: freshTopicPrefix(), accounts: ['busy', 'quiet'] });
    for (let index = 0; index < 30; index++) await queue.add({ queue: 'submit', id: `b${index}`, account: 'busy' });
    await queue.add({ queue: 'submit', id: 'q', account: 'quiet' });
    const seen: string[] = [];
    for (let index = 0; index < 6; index++) seen.push(...ids(await queue.take('submit', { ...now, limit: 1 })));
    assert.ok(seen.includes('q'), seen.join(' '));
  });

  it('keeps fleets on one server apart', async () => {
    const [ours, theirs] = [freshTopicPrefix(), freshTopicPrefix()];
    const one = await process({ prefix: ours });
    const other = await process({ prefix: theirs });
    await one.add({ queue: 'submit', id: 'a', account: 'main' });
    assert.deepEqual(await other.take('submit', now), []);
    assert.equal((await one.depths()).submit, 1);
    const client = new Redis(service.url);
    const keys = await client.keys('*');
    client.disconnect();
    const own = keys.filter(key => key.startsWith(`{${ours}}:`));
    assert.ok(own.includes(`{${ours}}:submit-main:batch-a`), 'the job has a name that can be read');
    assert.equal(own.filter(key => key.startsWith(`{${theirs}}:`)).length, 0);
  });

  it('takes an id of digits alone', async () => {
    const queue = await process({ prefix: freshTopicPrefix() });
    await queue.add({ queue: 'submit', id: '123456789012', account: 'main' });
    assert.deepEqual(ids(await queue.take('submit', now)), ['123456789012']);
  });

  it('counts the rate of an account over all processes', async () => {
    const submitRates = { main: { jobsMax: 5, durationMs: 1_500 } };
    const prefix = freshTopicPrefix();
    const one = await process({ prefix, submitRates });
    const other = await process({ prefix, submitRates });
    for (let index = 0; index < 12; index++) await one.add({ queue: 'submit', id: `r${index}`, account: 'main' });
    const startedOn = performance.now();
    const [first, second] = await Promise.all([one.take('submit', now), other.take('submit', now)]);
    assert.equal(first.length + second.length, 5);
    let taken = 5;
    while (taken < 12) {
      const [these, those] = await Promise.all(
        [one, other].map(queue => queue.take('submit', { ...now, limit: 3, waitMs: 500 })),
      );
      taken += (these?.length ?? 0) + (those?.length ?? 0);
      assert.ok(performance.now() - startedOn < 20_000, `${taken} of 12`);
    }
    assert.ok(performance.now() - startedOn >= 2_900, 'twelve at five each 1.5 s take two pauses');
  });

  it('holds an account back for all processes when one was told to (a 429), and no other account', async () => {
    const prefix = freshTopicPrefix();
    const one = await process({ prefix, accounts: ['main', 'other'] });
    const second = await process({ prefix, accounts: ['main', 'other'] });
    await one.holdSubmits('main', 1_500);
    const startedOn = performance.now();
    await one.add({ queue: 'submit', id: 'a', account: 'main' });
    await one.add({ queue: 'submit', id: 'b', account: 'other' });
    assert.deepEqual(ids(await second.take('submit', now)), ['b']);
    const [held] = await second.take('submit', { ...now, waitMs: 10_000 });
    assert.equal(held?.id, 'a');
    assert.ok(performance.now() - startedOn > 1_300);
  });

  it('gives back at once what it still has when it is closed', async () => {
    const prefix = freshTopicPrefix();
    const leaving = await process({ prefix });
    const staying = await process({ prefix });
    for (const id of ['x', 'y']) await leaving.add({ queue: 'collect', id, account: 'main' });
    assert.equal((await leaving.take('collect', now)).length, 2);
    await leaving.close();
    assert.deepEqual(ids(await staying.take('collect', { ...now, waitMs: 3_000 })).sort(), ['x', 'y']);
  });
});
