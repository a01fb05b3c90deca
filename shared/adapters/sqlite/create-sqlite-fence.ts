import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Fence } from '#ports/log.ts';

export interface SqliteFenceOptions<T> {
  shard: number;
  encode(write: Append): T;
  /** One transaction, in which the epoch is compared before anything is written. @throws FlotillaError fenced */
  write(writes: readonly T[]): Promise<unknown>;
  /** Compares the epoch with the file's. */
  isHeld(): boolean;
}

/**
 * Records wait in memory until `commit`, so a holder that dies leaves nothing behind and readers wait for nobody. The
 * epoch is compared in the transaction of the commit.
 */
export function createSqliteFence<T>({ shard, encode, write, isHeld }: SqliteFenceOptions<T>): Fence {
  let pending: T[] = [];
  let isDropped = false;
  const fenced = () => new FlotillaError('fenced', { where: `shard ${shard}`, isRetryable: true });
  return {
    async send(writes) {
      if (isDropped || !isHeld()) throw fenced();
      for (const each of writes) pending.push(encode(each));
    },
    async commit() {
      const writes = pending;
      pending = [];
      try {
        if (isDropped) throw fenced();
        await write(writes);
      } catch (error) {
        isDropped = true;
        throw error;
      }
    },
    async abort() {
      pending = [];
    },
  };
}
