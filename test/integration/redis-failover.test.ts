import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type FaultProxy, startFaultProxy } from '#test/support/fault-proxy/start-fault-proxy.ts';
import { type OpenQueue, openQueue } from '#test/support/services/open-queue.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const addressOf = ({ url }: RedisService): { host: string; port: number } => {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port) };
};

async function ask<T>(service: RedisService, act: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(service.url);
  try {
    return await act(client);
  } finally {
    client.disconnect();
  }
}

describe('a replica takes over that has not heard of everything (B7)', () => {
  let leader: RedisService;
  let replica: RedisService;
  let replication: FaultProxy;
  let door: FaultProxy;
  let open: OpenQueue;
  before(async () => {
    leader = await startRedis({ isOwn: true });
    replication = await startFaultProxy({ seed: 1, target: addressOf(leader) });
    replica = await startRedis({ settings: { replicaof: `127.0.0.1 ${replication.port}` } });
    door = await startFaultProxy({ seed: 2, target: addressOf(leader) });
    open = await openQueue({ url: `redis://127.0.0.1:${door.port}`, prefix: freshTopicPrefix() });
  });
  after(async () => {
    await open.close();
    await Promise.all([door.close(), replication.close(), leader.stop(), replica.stop()]);
  });

  it('jobs that were acknowledged are gone, and nothing minds: what is hinted at again runs, once more or for the first time', async () => {
    const { queue } = open;
    const options = { limit: 100, lockMs: 60_000, waitMs: 500 };
    await queue.add({ queue: 'submit', id: 'known', account: 'main' });
    await waitUntil('the replica has it', async () => (await ask(replica, client => client.dbsize())) > 2);
    assert.equal((await queue.take('submit', options)).length, 1);
    await waitUntil('the replica knows that it is taken', async () => {
      return (await ask(replica, client => client.keys('*:active'))).length === 1;
    });
    replication.setFaults({ blackhole: true });
    await queue.done('submit', 'known');
    for (let index = 0; index < 50; index++) await queue.add({ queue: 'submit', id: `n${index}`, account: 'main' });

    await leader.kill();
    await ask(replica, client => client.replicaof('NO', 'ONE'));
    door.setTarget(addressOf(replica));
    door.resetAll();
    await waitUntil('the queue is there again', () => queue.depths().then(yes, no));
    assert.equal((await queue.depths()).submit, 0, 'fifty acknowledged jobs are gone');

    const runs: string[] = [];
    const wanted = ['known', ...Array.from({ length: 50 }, (_, index) => `n${index}`)];
    for (const id of wanted) await queue.add({ queue: 'submit', id, account: 'main' });
    while (new Set(runs).size < wanted.length) {
      for (const { id } of await queue.take('submit', options)) {
        runs.push(id);
        await queue.done('submit', id);
      }
      await sleep(1);
    }
    assert.deepEqual([...new Set(runs)].sort(), wanted.toSorted());
    assert.equal((await queue.depths()).submit, 0);
  });
});

const yes = (): boolean => true;
const no = (): boolean => false;
