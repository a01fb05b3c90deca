import type { Job, WorkQueue } from '#ports/work-queue.ts';
import type { ShardOwners } from '#runtime/worker-peers.ts';
import { shardOf } from './settle-shard.ts';

/** A batch whose shard another process settles is left to it so often, for so long each time. */
const leavesMax = 4;
const leaveMs = 25;
const remembered = 10_000;

/**
 * A work queue that leaves batches to the process that settles their shard: two that write one shard in turn would fence
 * each other with every batch. Only for a moment and only so often, because the owner may be gone or busy; the fence is
 * what is right whoever settles (protocol §5.6).
 */
export function leaveToOwners(
  queue: WorkQueue,
  { owners, shards }: { owners: ShardOwners; shards: number },
): WorkQueue {
  const left = new Map<string, number>();
  const isLeft = (job: Job): boolean => {
    const times = left.get(job.id) ?? 0;
    left.delete(job.id);
    if (times >= leavesMax || owners.isOwn(shardOf(job.id, shards))) return false;
    if (left.size < remembered) left.set(job.id, times + 1);
    return true;
  };
  return {
    add: job => queue.add(job),
    done: (name, id) => queue.done(name, id),
    postpone: (name, id, delayMs) => queue.postpone(name, id, delayMs),
    depths: () => queue.depths(),
    async take(name, options) {
      const jobs = await queue.take(name, options);
      if (name !== 'collect') return jobs;
      const [others, own] = partition(jobs, isLeft);
      await Promise.all(others.map(({ id }) => queue.postpone('collect', id, leaveMs)));
      return own;
    },
  };
}

function partition(jobs: readonly Job[], isLeft: (job: Job) => boolean): [Job[], Job[]] {
  const [others, own]: [Job[], Job[]] = [[], []];
  for (const job of jobs) (isLeft(job) ? others : own).push(job);
  return [others, own];
}
