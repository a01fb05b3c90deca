import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis } from '#adapters/redis/open-redis.ts';
import { openRedisHints } from '#adapters/redis/open-redis-hints.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { describeHints } from './hints.ts';

describeHints('Redis', async () => {
  const service = await startRedis();
  const redis = await openRedis({ url: service.url });
  return {
    hints: openRedisHints({ redis, prefix: freshTopicPrefix() }),
    pass: ms => sleep(ms),
    async close() {
      await redis.close();
      await service.stop();
    },
  };
});
