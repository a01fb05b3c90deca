import { createBullmqWorkQueue } from '#adapters/bullmq/create-bullmq-work-queue.ts';
import { openRedis } from '#adapters/redis/open-redis.ts';
import type { QueueName } from '#ports/work-queue.ts';

/** A process that takes jobs, says which, and never finishes any: to be killed or frozen by a test. */
const [url = '', prefix = '', queueName = 'submit', limit = '1'] = process.argv.slice(2);
const redis = await openRedis({ url });
const queue = createBullmqWorkQueue({ redis, prefix, accounts: ['main'], incarnation: `taker-${process.pid}` });
const wanted = Number(limit);
const taken: string[] = [];
while (taken.length < wanted) {
  const options = { limit: wanted - taken.length, lockMs: 600_000, waitMs: 1_000 };
  const jobs = await queue.take(queueName as QueueName, options);
  taken.push(...jobs.map(({ id }) => id));
}
process.stdout.write(`${JSON.stringify(taken)}\n`);
setInterval(() => {}, 60_000);
