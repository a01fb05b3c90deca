import { openRedis } from '#adapters/redis/open-redis.ts';
import { openRedisPayloadStore } from '#adapters/redis/open-redis-payload-store.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { describePayloadStore } from './payload-store.ts';

describePayloadStore('Redis', async () => {
  const service = await startRedis();
  const redis = await openRedis({ url: service.url });
  return {
    store: openRedisPayloadStore({ redis, prefix: freshTopicPrefix() }),
    async close() {
      await redis.close();
      await service.stop();
    },
  };
});
