import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Fence, Log, Mark, Position, ReadQuery, Topic } from '#ports/log.ts';
import type { Broker } from './broker.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

/** How long the log's client tries before it gives up. */
const giveUpMs = [500, 2_500] as const;
const oddAppendProbability = 0.01;
/** After a read to the high watermark nothing of that partition is held back for a while: it is the fenced read. */
const fencedReadMs = 30_000;

/**
 * A worker's connection as its port allows it to be: an append that rejects may have landed, may land later or twice; a
 * reader of settled may lag; a commit may have happened although it failed.
 */
export class FaultyLog implements Log {
  readonly #world: World;
  readonly #broker: Broker;
  readonly #inner: Log;
  readonly #life: Life;
  readonly #stalledUntil = new Map<number, number>();
  readonly #promptUntil = new Map<number, number>();

  constructor(options: { world: World; broker: Broker; inner: Log; life: Life }) {
    this.#world = options.world;
    this.#broker = options.broker;
    this.#inner = options.inner;
    this.#life = options.life;
  }

  partitions(topic: Topic): number {
    return this.#inner.partitions(topic);
  }

  async append(write: Append): Promise<{ offsets: number[]; at: number }> {
    await this.#ready();
    const { time, random, setting } = this.#world;
    const odd = setting.oddAppends * oddAppendProbability;
    if (this.#world.fault(0.02, 'append lost')) return this.#fail('lost');
    if (this.#world.fault(0.01, 'append landed, ack lost')) {
      await this.#inner.append(write);
      return this.#fail('ack lost');
    }
    if (this.#world.fault(odd, 'append landed late')) {
      time.later(random.between(100, 10_000), () => void this.#inner.append(write));
      return this.#fail('late');
    }
    const appended = await this.#inner.append(write);
    if (this.#world.fault(odd, 'append landed twice')) {
      time.later(random.between(0, 5_000), () => void this.#inner.append(write));
      if (random.chance(0.5)) return this.#fail('twice');
    }
    return appended;
  }

  async read(query: ReadQuery) {
    if (this.#broker.isDown) await this.#ready();
    const { topic, partition, from } = query;
    if (topic === 'settled' && this.#isStalled(partition)) return { records: [], nextOffset: from, isAtEnd: true };
    return this.#inner.read(query);
  }

  async readAt(query: { topic: Topic; partition: number; offsets: readonly number[] }) {
    if (this.#broker.isDown) await this.#ready();
    return this.#inner.readAt(query);
  }

  async endOffset(topic: Topic, partition: number): Promise<number> {
    await this.#ready();
    if (topic === 'settled') {
      this.#stalledUntil.delete(partition);
      this.#promptUntil.set(partition, this.#world.time.now + fencedReadMs);
    }
    return this.#inner.endOffset(topic, partition);
  }

  waitForMore(marks: readonly Mark[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { now } = this.#world.time;
    const isHeldBack = ({ topic, partition }: Mark): boolean =>
      topic === 'settled' && (this.#stalledUntil.get(partition) ?? 0) > now;
    return this.#inner.waitForMore(
      marks.filter(mark => !isHeldBack(mark)),
      timeoutMs,
      signal,
    );
  }

  async fence(shard: number): Promise<Fence> {
    await this.#ready();
    const fence = await this.#inner.fence(shard);
    const { setting } = this.#world;
    return {
      send: async writes => {
        await this.#ready();
        // Each topic is a request of its own: what comes between them sees half of it.
        for (const write of writes) {
          if (this.#world.fault(0.005, 'transaction send failed')) await this.#fail('send');
          await fence.send([write]);
          if (write !== writes.at(-1))
            await this.#world.time.sleep(this.#world.random.between(1, 10), { owner: this.#life });
        }
      },
      commit: async () => {
        await this.#ready();
        if (this.#world.fault(0.02 * setting.oddCommits, 'commit lost')) await this.#fail('commit');
        await fence.commit();
        if (this.#world.fault(0.03 * setting.oddCommits, 'commit ack lost')) await this.#fail('commit ack');
      },
      abort: () => fence.abort(),
    };
  }

  assigned(group: string, topic: Topic) {
    return this.#inner.assigned(group, topic);
  }

  async position(group: string, topic: Topic, partition: number): Promise<Position | null> {
    await this.#ready();
    return this.#inner.position(group, topic, partition);
  }

  async commitPosition(position: Position): Promise<void> {
    await this.#ready();
    if (this.#world.fault(0.02, 'position commit lost')) await this.#fail('position');
    return this.#inner.commitPosition(position);
  }

  #isStalled(partition: number): boolean {
    const { time, random, setting } = this.#world;
    if ((this.#stalledUntil.get(partition) ?? 0) > time.now) return this.#world.hasFaults;
    if ((this.#promptUntil.get(partition) ?? 0) > time.now) return false;
    if (!this.#world.fault(0.001 * setting.stalls, 'settled reader stalled')) return false;
    this.#stalledUntil.set(partition, time.now + random.between(1_000, 60_000));
    return true;
  }

  /** A client waits for a broker that is away, and gives up in the end. */
  async #ready(): Promise<void> {
    if (!this.#broker.isDown) return;
    await this.#wait();
    if (this.#broker.isDown) throw unavailable('the broker is away');
  }

  async #fail(what: string): Promise<never> {
    await this.#wait();
    throw unavailable(what);
  }

  #wait(): Promise<void> {
    return this.#world.time.sleep(this.#world.random.between(...giveUpMs), { owner: this.#life });
  }
}

const unavailable = (why: string): FlotillaError => new FlotillaError('log-unavailable', { why, isRetryable: true });
