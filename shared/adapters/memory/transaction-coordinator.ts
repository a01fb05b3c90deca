import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append } from '#ports/log.ts';

export interface OpenTransaction {
  write(append: Append): void;
  end(state: 'committed' | 'aborted'): void;
}

interface Shard {
  epoch: number;
  open: OpenTransaction | null;
}

/** Knows who holds a shard, and the one transaction its holder may have open. */
export class TransactionCoordinator {
  readonly #shards = new Map<number, Shard>();
  readonly #scheduleExpiry: (expire: () => void) => void;

  constructor(scheduleExpiry: (expire: () => void) => void) {
    this.#scheduleExpiry = scheduleExpiry;
  }

  /** Makes the caller the holder and returns its epoch. What the one before left open is aborted. */
  take(shardNumber: number): number {
    const shard = this.#shards.get(shardNumber) ?? { epoch: 0, open: null };
    this.#shards.set(shardNumber, shard);
    shard.epoch += 1;
    this.#end(shard, 'aborted');
    return shard.epoch;
  }

  /** The open transaction of the holder of `epoch`, begun by `begin` if need be. @throws FlotillaError fenced */
  openOrBegin(shardNumber: number, epoch: number, begin: () => OpenTransaction): OpenTransaction {
    const shard = this.#held(shardNumber, epoch);
    if (shard.open !== null) return shard.open;
    const transaction = begin();
    shard.open = transaction;
    this.#scheduleExpiry(() => {
      // As Kafka does: the epoch goes up with the abort, so the holder finds itself fenced.
      if (shard.open === transaction) this.take(shardNumber);
    });
    return transaction;
  }

  /** @throws FlotillaError fenced */
  end(shardNumber: number, epoch: number, state: 'committed' | 'aborted'): void {
    this.#end(this.#held(shardNumber, epoch), state);
  }

  #held(shardNumber: number, epoch: number): Shard {
    const shard = this.#shards.get(shardNumber);
    if (shard?.epoch === epoch) return shard;
    throw new FlotillaError('fenced', { where: `shard ${shardNumber}`, isRetryable: true });
  }

  #end(shard: Shard, state: 'committed' | 'aborted'): void {
    const transaction = shard.open;
    shard.open = null;
    transaction?.end(state);
  }
}
