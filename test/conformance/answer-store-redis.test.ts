import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis } from '#adapters/redis/open-redis.ts';
import { openRedisAnswerStore } from '#adapters/redis/open-redis-answer-store.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { describeAnswerStore } from './answer-store.ts';

describeAnswerStore('Redis', async () => {
  const service = await startRedis();
  const redis = await openRedis({ url: service.url });
  return {
    store: openRedisAnswerStore({ redis, prefix: freshTopicPrefix() }),
    pass: ms => sleep(ms), // the server's own clock ends a value
    async close() {
      await redis.close();
      await service.stop();
    },
  };
});
