import { type BullmqWorkQueue, createBullmqWorkQueue } from '#adapters/bullmq/create-bullmq-work-queue.ts';
import type { TakeRate } from '#adapters/bullmq/job-channel.ts';
import { openRedis, type RedisConnection } from '#adapters/redis/open-redis.ts';

export interface OpenQueue {
  queue: BullmqWorkQueue;
  redis: RedisConnection;
  close(): Promise<void>;
}

let opened = 0;

/** A work queue on a connection of its own, as each process of a fleet has one. */
export async function openQueue(options: {
  url: string;
  prefix: string;
  accounts?: readonly string[];
  submitRates?: Record<string, TakeRate>;
}): Promise<OpenQueue> {
  const { url, prefix, accounts = ['main'], submitRates = {} } = options;
  const redis = await openRedis({ url });
  opened += 1;
  const queue = createBullmqWorkQueue({ redis, prefix, accounts, incarnation: `test-${opened}`, submitRates });
  return {
    queue,
    redis,
    async close() {
      await queue.close();
      await redis.close();
    },
  };
}
