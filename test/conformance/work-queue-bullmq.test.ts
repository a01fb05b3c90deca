import { setTimeout as sleep } from 'node:timers/promises';
import { createBullmqWorkQueue } from '#adapters/bullmq/create-bullmq-work-queue.ts';
import { openRedis } from '#adapters/redis/open-redis.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { describeWorkQueue } from './work-queue.ts';

describeWorkQueue('BullMQ', async () => {
  const service = await startRedis();
  const redis = await openRedis({ url: service.url });
  const queue = createBullmqWorkQueue({
    redis,
    prefix: freshTopicPrefix(),
    accounts: ['one', 'two'],
    incarnation: 'a',
  });
  return {
    queue,
    pass: ms => sleep(ms),
    async close() {
      await queue.close();
      await redis.close();
      await service.stop();
    },
  };
});
