import type { Append, Fence, Log } from '#ports/log.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

/**
 * One settled partition as this process may write it: fence, then read, then commit, one transaction at a time
 * (protocol §5.6). Ownership gives no safety; only the fence does.
 */
export class SettleShard {
  readonly #shard: number;
  readonly #log: Log;
  readonly #follower: ViewFollower;
  #fence: Fence | null = null;
  /** Committed under this fence; the view may not have read them yet. */
  readonly #committed = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: { shard: number; log: Log; follower: ViewFollower }) {
    this.#shard = options.shard;
    this.#log = options.log;
    this.#follower = options.follower;
  }

  /**
   * Commits what `build` returns, unless the batch is settled already.
   * @param build called only when the batch is known to be unsettled under the fence
   * @throws FlotillaError fenced | log-unavailable: it may have been committed; look again
   */
  settle(
    bk: string,
    build: () => Promise<readonly Append[]>,
    isSettled: () => boolean,
  ): Promise<'settled' | 'already'> {
    const turn = this.#turn.then(() => this.#settle(bk, build, isSettled));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #settle(
    bk: string,
    build: () => Promise<readonly Append[]>,
    isSettled: () => boolean,
  ): Promise<'settled' | 'already'> {
    const fence = this.#fence ?? (await this.#takeFence());
    if (this.#committed.has(bk) || isSettled()) return 'already';
    const writes = await build();
    try {
      await fence.send(writes);
      await fence.commit();
    } catch (error) {
      // It may have been committed all the same: a new fence reads what became of it.
      this.#fence = null;
      await fence.abort();
      throw error;
    }
    this.#committed.add(bk);
    return 'settled';
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
