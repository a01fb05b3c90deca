import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Fence } from '#ports/log.ts';

export interface SqliteFenceOptions<T> {
  shard: number;
  encode(write: Append): T;
  /** One transaction; `check` runs in it before anything is written. */
  write(writes: readonly T[], check: () => void): Promise<unknown>;
  /** Compares the epoch with the file's. @throws FlotillaError fenced */
  check(): void;
}

/**
 * Records wait in memory until `commit`, so a holder that dies leaves nothing behind and readers wait for nobody. The
 * epoch is compared in the transaction of the commit.
 */
export function createSqliteFence<T>({ shard, encode, write, check }: SqliteFenceOptions<T>): Fence {
  let pending: T[] = [];
  let isDropped = false;
  const checkHeld = (): void => {
    if (isDropped) throw new FlotillaError('fenced', { where: `shard ${shard}`, isRetryable: true });
    check();
  };
  return {
    async send(writes) {
      checkHeld();
      for (const each of writes) pending.push(encode(each));
    },
    async commit() {
      const writes = pending;
      pending = [];
      try {
        await write(writes, checkHeld);
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
