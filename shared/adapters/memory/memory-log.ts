import type { Append, Fence, Log, LogRecord, Mark, Position, ReadQuery, ReadResult, Topic } from '#ports/log.ts';
import { type ClusterState, groupKey, positionKey, savePositions } from './cluster-state.ts';
import { MemoryTransaction } from './memory-transaction.ts';
import { waitForMore } from './wait-for-more.ts';

/** One worker's connection. Each call acts at once, in the caller's microtask. */
export class MemoryLog implements Log {
  readonly #cluster: ClusterState;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  partitions(topic: Topic): number {
    return this.#cluster.partitionCount(topic);
  }

  async append({ topic, partition, records, positions }: Append): Promise<{ offsets: number[]; at: number }> {
    const appended = this.#cluster.partition(topic, partition).append(records, null);
    if (positions !== undefined) savePositions(this.#cluster, positions);
    return appended;
  }

  async read({ topic, partition, from, recordsMax }: ReadQuery): Promise<ReadResult> {
    return this.#cluster.partition(topic, partition).read(from, recordsMax);
  }

  async readAt(query: { topic: Topic; partition: number; offsets: readonly number[] }): Promise<(LogRecord | null)[]> {
    const partition = this.#cluster.partition(query.topic, query.partition);
    return query.offsets.map(offset => partition.readAt(offset));
  }

  async endOffset(topic: Topic, partition: number): Promise<number> {
    return this.#cluster.partition(topic, partition).nextOffset;
  }

  waitForMore(marks: readonly Mark[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return waitForMore(this.#cluster, marks, timeoutMs, signal);
  }

  async fence(shard: number): Promise<Fence> {
    const cluster = this.#cluster;
    const { coordinator } = cluster;
    const epoch = coordinator.take(shard);
    return {
      async send(writes) {
        const transaction = coordinator.openOrBegin(shard, epoch, () => new MemoryTransaction(cluster));
        for (const write of writes) transaction.write(write);
      },
      async commit() {
        coordinator.end(shard, epoch, 'committed');
      },
      async abort() {
        try {
          coordinator.end(shard, epoch, 'aborted');
        } catch {
          // fenced: whoever took the shard has aborted it already
        }
      },
    };
  }

  async assigned(group: string, topic: Topic): Promise<{ partition: number; generation: number }[]> {
    const members = this.#cluster.assignments.get(groupKey(group, topic));
    if (members !== undefined) return members.get(this) ?? [];
    return Array.from({ length: this.partitions(topic) }, (_, partition) => ({ partition, generation: 0 }));
  }

  async position(group: string, topic: Topic, partition: number): Promise<Position | null> {
    return this.#cluster.positions.get(positionKey(group, topic, partition)) ?? null;
  }

  async commitPosition(position: Position): Promise<void> {
    savePositions(this.#cluster, [position]);
  }
}
