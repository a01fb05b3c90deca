import type { Job, WorkQueue } from '#ports/work-queue.ts';
import type { ShardOwners } from '#runtime/worker-peers.ts';
import { shardOf } from './settle-shard.ts';

/** A batch whose shard another process settles is left to it so often, longer each time: 1.2 s in all. */
const leavesMax = 8;
const leaveMsMin = 25;
const leaveMsMax = 200;
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
  /** How long a job is left to others; null: it is done here. */
  const leaveFor = ({ id }: Job): number | null => {
    const times = left.get(id) ?? 0;
    left.delete(id);
    if (times >= leavesMax || owners.isOwn(shardOf(id, shards))) return null;
    if (left.size < remembered) left.set(id, times + 1);
    return Math.min(leaveMsMax, leaveMsMin * 2 ** times);
  };
  return {
    add: job => queue.add(job),
    done: (name, id) => queue.done(name, id),
    postpone: (name, id, delayMs) => queue.postpone(name, id, delayMs),
    depths: () => queue.depths(),
    async take(name, options) {
      const jobs = await queue.take(name, options);
      if (name !== 'collect') return jobs;
      const own: Job[] = [];
      for (const job of jobs) {
        const delayMs = leaveFor(job);
        if (delayMs === null) own.push(job);
        else await queue.postpone('collect', job.id, delayMs);
      }
      return own;
    },
  };
}
