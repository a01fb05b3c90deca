import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRedis, type RedisConnection } from '#adapters/redis/open-redis.ts';
import { openRedisPayloadStore } from '#adapters/redis/open-redis-payload-store.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';
import { asIsLine, TestFleet, taskLine } from '#test/support/test-fleet.ts';

const batches = 12;
const itemsMax = 5;

describe('payloads in Redis', () => {
  let service: RedisService;
  let redis: RedisConnection;
  before(async () => {
    service = await startRedis({ isOwn: true });
    redis = await openRedis({ url: service.url });
  });
  after(async () => {
    await redis.close();
    await service.stop();
  });

  const payloadKeys = (prefix: string): Promise<string[]> => redis.client.keys(`${prefix}:payload:*`);

  async function sealed(): Promise<{ fleet: TestFleet; prefix: string }> {
    const prefix = freshTopicPrefix();
    const payloads = openRedisPayloadStore({ redis, prefix });
    const fleet = new TestFleet({ lane: { itemsMax }, payloads, recipe: { canary: true } });
    for (let index = 0; index < batches * itemsMax; index++) {
      const value =
        index % 2 === 0 ? taskLine(`d-${index}`) : asIsLine(`d-${index}`, { system: `ü "\u2028" ${index}` });
      await fleet.enqueue(1, { value });
    }
    const worker = await fleet.worker();
    while (await worker.accumulator.runOnce());
    return { fleet, prefix };
  }

  async function sent(fleet: TestFleet): Promise<string[]> {
    const worker = await fleet.worker();
    while (await worker.submitter.runOnce({ waitMs: 0 }));
    const items = fleet.provider.posts.flatMap(post => post.items);
    return items.map(({ customId, body }) => `${customId} ${body}`).sort();
  }

  it('are gone once their batches are created', async () => {
    const { fleet, prefix } = await sealed();
    const batchesSealed = fleet.journal('SEALED').length;
    assert.ok(batchesSealed >= batches);
    assert.equal((await payloadKeys(prefix)).length, batchesSealed);
    await sent(fleet);
    assert.equal(fleet.provider.posts.length, batchesSealed);
    assert.deepEqual(await payloadKeys(prefix), []);
  });

  it('are not missed when every one of them was dropped: the same bytes are sent', async () => {
    const before = await sent((await sealed()).fleet);
    assert.equal(before.length, batches * itemsMax);
    const { fleet, prefix } = await sealed();
    assert.ok((await payloadKeys(prefix)).length >= batches);
    await service.flush();
    assert.deepEqual(await payloadKeys(prefix), []);
    assert.deepEqual(await sent(fleet), before);
  });

  it('hold back nothing while Redis is away: documents are sealed, sent and answered (B8, C3)', async () => {
    const prefix = freshTopicPrefix();
    const fleet = new TestFleet({ lane: { itemsMax }, payloads: openRedisPayloadStore({ redis, prefix }) });
    await service.kill();
    try {
      await fleet.enqueue(batches * itemsMax);
      const worker = await fleet.worker();
      await fleet.settleDown(worker);
      fleet.assertAnsweredOnce(batches * itemsMax);
    } finally {
      await service.restart();
    }
  });
});
