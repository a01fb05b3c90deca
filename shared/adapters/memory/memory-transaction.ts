import type { Append, Position } from '#ports/log.ts';
import { type ClusterState, savePositions } from './cluster-state.ts';
import type { MemoryPartition, TransactionState } from './memory-partition.ts';
import type { OpenTransaction } from './transaction-coordinator.ts';

/** The records of an open transaction lie in their partitions, holding their offsets; positions wait for the commit. */
export class MemoryTransaction implements OpenTransaction {
  #state: TransactionState = 'open';
  readonly #cluster: ClusterState;
  readonly #partitions = new Set<MemoryPartition>();
  readonly #positions: Position[] = [];

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  get state(): TransactionState {
    return this.#state;
  }

  write({ topic, partition: number, records, positions }: Append): void {
    const partition = this.#cluster.partition(topic, number);
    partition.append(records, this);
    this.#partitions.add(partition);
    if (positions !== undefined) this.#positions.push(...positions);
  }

  end(state: 'committed' | 'aborted'): void {
    this.#state = state;
    if (state === 'committed') savePositions(this.#cluster, this.#positions);
    for (const partition of this.#partitions) partition.end();
  }
}
