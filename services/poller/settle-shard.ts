import { isSettled } from '#core/view.ts';
import type { Append, Fence, Log } from '#ports/log.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

interface Settle {
  bk: string;
  /** What it writes; called only when the batch is known to be unsettled under the fence. */
  build: () => Promise<readonly Append[]>;
  isSettled: () => boolean;
}

interface Waiting extends Settle {
  resolve(outcome: 'settled' | 'already'): void;
  reject(error: unknown): void;
}

/**
 * One settled partition as this process may write it: fence, then read, then commit, one transaction at a time
 * (protocol §5.6). What comes while a transaction is under way shares the next. Ownership gives no safety; only the fence
 * does.
 */
export class SettleShard {
  readonly #shard: number;
  readonly #log: Log;
  readonly #follower: ViewFollower;
  #fence: Fence | null = null;
  /** Committed under this fence; the view may not have read them yet. */
  readonly #committed = new Set<string>();
  #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(options: { shard: number; log: Log; follower: ViewFollower }) {
    this.#shard = options.shard;
    this.#log = options.log;
    this.#follower = options.follower;
  }

  /**
   * Commits what `build` returns, unless the batch is settled already.
   * @throws FlotillaError fenced | log-unavailable: it may have been committed; look again
   */
  settle(settle: Settle): Promise<'settled' | 'already'> {
    const { promise, resolve, reject } = Promise.withResolvers<'settled' | 'already'>();
    this.#waiting.push({ ...settle, resolve, reject });
    if (!this.#isRunning) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#settle(group);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isRunning = false;
  }

  async #settle(group: readonly Waiting[]): Promise<void> {
    const fence = this.#fence ?? (await this.#takeFence());
    for (const bk of this.#committed) if (isSettled(this.#follower.view, bk)) this.#committed.delete(bk);
    const writes: Append[] = [];
    const settled = new Map<string, Waiting>();
    for (const each of group) {
      if (this.#committed.has(each.bk) || settled.has(each.bk) || each.isSettled()) {
        each.resolve('already');
        continue;
      }
      try {
        writes.push(...(await each.build()));
        settled.set(each.bk, each);
      } catch (error) {
        each.reject(error); // its own fault: the others go on
      }
    }
    if (settled.size > 0) await this.#commit(fence, writes);
    for (const [bk, { resolve }] of settled) {
      this.#committed.add(bk);
      resolve('settled');
    }
  }

  async #commit(fence: Fence, writes: readonly Append[]): Promise<void> {
    try {
      await fence.send(writes);
      await fence.commit();
    } catch (error) {
      // It may have been committed all the same: a new fence reads what became of it.
      this.#fence = null;
      await fence.abort();
      throw error;
    }
  }

  async #takeFence(): Promise<Fence> {
    const fence = await this.#log.fence(this.#shard);
    // Only now is the end final for everyone but us: whoever had the shard before can commit nothing any more.
    await this.#follower.catchUpSettled(this.#shard, await this.#log.endOffset('settled', this.#shard));
    this.#committed.clear();
    this.#fence = fence;
    return fence;
  }
}

/** FNV-1a of a batch key, modulo the shards: fixed for ever, because two shards must never settle one batch. */
export function shardOf(bk: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < bk.length; index++) hash = Math.imul(hash ^ bk.charCodeAt(index), 0x01000193) >>> 0;
  return hash % shards;
}
