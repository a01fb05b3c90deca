import { setTimeout as sleepFor } from 'node:timers/promises';
import { type Log, type LogRecord, type Position, type Topic, topics } from '#ports/log.ts';
import { type ClusterState, groupKey } from './cluster-state.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryPartition } from './memory-partition.ts';
import { TransactionCoordinator } from './transaction-coordinator.ts';

export interface MemoryClusterOptions {
  /** Default 1 each, settled 4. */
  partitions?: Partial<Record<Topic, number>>;
  /** How many offsets to leave out before a record. Default none. */
  gaps?: () => number;
  now?: () => number;
  /** For the time limit of `waitForMore`; a simulation passes its clock's. Resolves early when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A transaction open for so long is aborted and its holder fenced; needs `schedule`. Default never. */
  transactionTimeoutMs?: number;
  schedule?: (ms: number, callback: () => void) => void;
}

export interface MemoryCluster {
  /** A worker's own connection. */
  connect(): Log;
  /**
   * Gives a connection its partitions of a group, as a new generation of the whole group: every member begins again at
   * the committed positions. In a group nobody was assigned to, every connection reads everything.
   */
  assign(group: string, topic: Topic, connection: Log, partitions: readonly number[]): void;
  /** All a reader may see, not copied: for checks only. */
  committed(topic: Topic, partition: number): readonly LogRecord[];
  positions(): Iterable<Position>;
}

/**
 * A Kafka cluster in memory: open transactions hold their offsets and stop readers, markers take an offset, a fence
 * aborts what earlier holders left. Every call acts in the microtask it is made in, so a run is a function of its calls.
 * Nothing is cloned: values and records are shared between writer and readers and MUST NOT be changed.
 */
export function createMemoryCluster(options: MemoryClusterOptions = {}): MemoryCluster {
  const state = createState(options);
  let generation = 0;
  return {
    connect: () => new MemoryLog(state),
    assign(group, topic, connection, partitions) {
      generation += 1;
      const current = generation;
      const key = groupKey(group, topic);
      const members = new Map(state.assignments.get(key));
      const toAssigned = (partition: number) => ({ partition, generation: current });
      for (const [member, assigned] of members) {
        members.set(
          member,
          assigned.map(({ partition }) => toAssigned(partition)),
        );
      }
      members.set(connection, partitions.map(toAssigned));
      state.assignments.set(key, members);
    },
    committed: (topic, partition) => state.partition(topic, partition).committed,
    positions: () => state.positions.values(),
  };
}

function createState(options: MemoryClusterOptions): ClusterState {
  const { gaps = () => 0, now = Date.now, transactionTimeoutMs, schedule } = options;
  const partitions = new Map(
    topics.map(topic => {
      const length = options.partitions?.[topic] ?? (topic === 'settled' ? 4 : 1);
      return [topic, Array.from({ length }, (_, index) => new MemoryPartition(index, gaps, now))];
    }),
  );
  const scheduleExpiry = (expire: () => void): void => {
    if (transactionTimeoutMs !== undefined) schedule?.(transactionTimeoutMs, expire);
  };
  return {
    partition(topic, number) {
      const partition = partitions.get(topic)?.[number];
      if (partition === undefined) throw new RangeError(`${topic} has no partition ${number}`);
      return partition;
    },
    partitionCount: topic => partitions.get(topic)?.length ?? 0,
    positions: new Map(),
    coordinator: new TransactionCoordinator(scheduleExpiry),
    assignments: new Map(),
    sleep: options.sleep ?? sleepUntilAborted,
  };
}

function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  return sleepFor(ms, undefined, { signal }).catch(() => {});
}
