import { Queue } from 'bullmq';
import { queueNames } from '#ports/work-queue.ts';
import { keyPrefix, queueTitle } from './job-names.ts';
import type { QueueServer } from './queue-server.ts';

/** Every queue of a fleet, for screens: nothing is taken, and nothing is added. */
export function openQueuesToShow({
  redis,
  prefix,
  accounts,
}: {
  redis: Pick<QueueServer, 'client'>;
  /** The topic prefix. */
  prefix: string;
  accounts: readonly string[];
}): { queues: Queue[]; close(): Promise<void> } {
  const names = queueNames.flatMap(queue => [
    queueTitle(queue),
    ...(queue === 'retry' ? [] : accounts.map(account => queueTitle(queue, account))),
  ]);
  const queues = names.map(name => {
    const options = { connection: redis.client, prefix: keyPrefix(prefix), skipVersionCheck: true };
    const queue = new Queue(name, options);
    queue.on('error', () => {}); // whoever asks it is told
    return queue;
  });
  return {
    queues,
    async close() {
      await Promise.allSettled(queues.map(queue => queue.close()));
    },
  };
}
