import { createMemoryCluster, type MemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import type { Log } from '#ports/log.ts';
import { epoch, type World } from './world.ts';

export const documentPartitions = 3;
export const settledPartitions = 4;
export const transactionTimeoutMs = 15_000;

/** The log's cluster: one for all workers, with a clock and outages of its own. */
export interface Broker {
  cluster: MemoryCluster;
  /** A connection that no fault befalls: producers and operators. */
  operator: Log;
  isDown: boolean;
  clockOffsetMs: number;
}

export function createBroker(world: World): Broker {
  const { time, random } = world;
  const hasGaps = random.chance(0.5);
  const clockOffsetMs = random.between(-5_000, 5_000);
  const broker: Omit<Broker, 'cluster' | 'operator'> = { isDown: false, clockOffsetMs };
  const cluster = createMemoryCluster({
    partitions: { documents: documentPartitions, settled: settledPartitions },
    gaps: () => (hasGaps && random.chance(0.2) ? random.between(1, 3) : 0),
    now: () => Math.floor(epoch + time.now + broker.clockOffsetMs),
    sleep: (ms, signal) => time.sleep(ms, { signal }),
    transactionTimeoutMs,
    schedule: (ms, callback) => void time.later(ms, callback),
  });
  return Object.assign(broker, { cluster, operator: cluster.connect() });
}
