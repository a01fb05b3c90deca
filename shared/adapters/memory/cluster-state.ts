import type { Log, Position, Topic } from '#ports/log.ts';
import type { MemoryPartition } from './memory-partition.ts';
import type { TransactionCoordinator } from './transaction-coordinator.ts';

/** What all connections of a memory cluster share. */
export interface ClusterState {
  /** @throws RangeError for a partition the topic does not have: a bug of the caller */
  partition(topic: Topic, partition: number): MemoryPartition;
  partitionCount(topic: Topic): number;
  readonly positions: Map<string, Position>;
  readonly coordinator: TransactionCoordinator;
  /** Of each group and topic, what each connection was given. */
  readonly assignments: Map<string, Map<Log, { partition: number; generation: number }[]>>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const groupKey = (group: string, topic: Topic): string => `${topic} ${group}`;

export const positionKey = (group: string, topic: Topic, partition: number): string => `${partition} ${topic} ${group}`;

/** The last one said counts, as on Kafka: a position may go back. */
export function savePositions(state: ClusterState, positions: readonly Position[]): void {
  for (const position of positions) {
    state.positions.set(positionKey(position.group, position.topic, position.partition), position);
  }
}
