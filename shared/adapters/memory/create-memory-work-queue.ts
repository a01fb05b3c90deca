import type { Clock } from '#ports/clock.ts';
import { type QueueName, queueNames, type WorkQueue } from '#ports/work-queue.ts';
import { MemoryJobQueue } from './memory-job-queue.ts';

export interface MemoryWorkQueueOptions {
  clock: Clock;
  /** Of each queue, waiting and taken. A job beyond it is dropped: the sweep brings it again. */
  depthMax?: number;
}

export interface MemoryWorkQueue extends WorkQueue {
  /** Jobs dropped because a queue was full, since the start. */
  dropped(): number;
}

/** The queues of a process that is alone. Gone when it ends: the sweep derives them anew. */
export function createMemoryWorkQueue({ clock, depthMax = 1_000_000 }: MemoryWorkQueueOptions): MemoryWorkQueue {
  const queues = new Map(queueNames.map(name => [name, new MemoryJobQueue(name, clock)]));
  let dropped = 0;
  return {
    async add({ queue: name, id, delayMs = 0 }) {
      const queue = queues.get(name)!;
      if (queue.has(id)) return;
      if (queue.size < depthMax) queue.add(id, delayMs);
      else dropped += 1;
    },
    take: (name, options) => queues.get(name)!.take(options),
    async done(name, id) {
      queues.get(name)!.done(id);
    },
    async postpone(name, id, delayMs) {
      queues.get(name)!.postpone(id, delayMs);
    },
    async depths() {
      return Object.fromEntries([...queues].map(([name, queue]) => [name, queue.depth])) as Record<QueueName, number>;
    },
    dropped: () => dropped,
  };
}
