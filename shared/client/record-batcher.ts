import type { Rid } from '#core/rid.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log, NewRecord } from '#ports/log.ts';
import { partitionOfKey } from './partition-of-key.ts';

export interface BatcherOptions {
  log: Pick<Log, 'append' | 'partitions'>;
  clock: Pick<Clock, 'sleep'>;
  /** How long the first record of an append waits for others. */
  lingerMs: number;
}

/** Far below what brokers take as one batch by default (1 MiB); a larger document goes alone. */
const appendBytesMax = 512 * 1024;
const appendRecordsMax = 1_000;
/** Records that wait for their append; above it whoever adds one waits too. */
const pendingRecordsMax = 10_000;

interface Waiting {
  record: NewRecord;
  resolve: (rid: Rid) => void;
  reject: (error: unknown) => void;
}

/**
 * Gathers documents into appends: one at a time for each partition, and what comes meanwhile is the next. A record is
 * acknowledged by itself, with its rid.
 */
export class RecordBatcher {
  readonly #options: BatcherOptions;
  readonly #queues = new Map<number, Waiting[]>();
  readonly #running = new Map<number, Promise<void>>();
  #pending = 0;
  #hasRoom = Promise.withResolvers<void>();
  #nextPartition = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Resolves when the record is in the log. @throws FlotillaError log-unavailable: it may be there all the same */
  async add(record: NewRecord): Promise<Rid> {
    while (this.#pending >= pendingRecordsMax) await this.#hasRoom.promise;
    this.#pending += 1;
    const partition = this.#partitionOf(record.key);
    const { promise, resolve, reject } = Promise.withResolvers<Rid>();
    const queue = this.#queues.get(partition) ?? [];
    this.#queues.set(partition, queue);
    queue.push({ record, resolve, reject });
    if (!this.#running.has(partition)) {
      this.#running.set(
        partition,
        this.#run(partition, queue).finally(() => this.#running.delete(partition)),
      );
    }
    return promise;
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Without a key any partition will do: they are taken in turn. */
  #partitionOf(key: string | null): number {
    const partitions = this.#options.log.partitions('documents');
    if (key !== null) return partitionOfKey(key, partitions);
    this.#nextPartition = (this.#nextPartition + 1) % partitions;
    return this.#nextPartition;
  }

  async #run(partition: number, queue: Waiting[]): Promise<void> {
    await this.#options.clock.sleep(this.#options.lingerMs);
    while (queue.length > 0) {
      const group = queue.splice(0, countThatFits(queue));
      try {
        const records = group.map(({ record }) => record);
        const { offsets } = await this.#options.log.append({ topic: 'documents', partition, records });
        for (const [index, { resolve }] of group.entries()) resolve({ partition, offset: offsets[index] as number });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      this.#pending -= group.length;
      this.#hasRoom.resolve();
      this.#hasRoom = Promise.withResolvers();
    }
  }
}

/** One at least, whatever its size. */
function countThatFits(queue: readonly Waiting[]): number {
  let bytes = 0;
  let count = 0;
  for (const { record } of queue) {
    bytes += record.value.length;
    if (count > 0 && (bytes > appendBytesMax || count >= appendRecordsMax)) break;
    count += 1;
  }
  return count;
}
