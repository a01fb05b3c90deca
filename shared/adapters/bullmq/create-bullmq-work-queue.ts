import { FlotillaError } from '#errors/flotilla-error.ts';
import { type Job, type QueueName, queueNames, type TakeOptions, type WorkQueue } from '#ports/work-queue.ts';
import { JobChannel, type TakenJob, type TakeRate } from './job-channel.ts';
import { keyPrefix } from './job-names.ts';
import { MarkerWatch } from './marker-watch.ts';
import { type QueueServer, toQueueError } from './queue-server.ts';

export interface BullmqWorkQueueOptions {
  redis: QueueServer;
  /** Fleets may share a server: the topic prefix. */
  prefix: string;
  /** Accounts that this process can serve: it takes jobs of these, and of none. It may add jobs for any. */
  accounts: readonly string[];
  /** Unique among all processes and their lives. */
  incarnation: string;
  /** Submits of an account that may be taken in so much time, by all processes together; absent: as many as come. */
  submitRates?: Readonly<Record<string, TakeRate>>;
  /** How long a job stays hidden when its taker dies; it is renewed while the taker lives. */
  leaseMs?: number;
  /** How often jobs of dead takers are looked for; it takes two looks. */
  stalledIntervalMs?: number;
}

export interface BullmqWorkQueue extends WorkQueue {
  holdSubmits(account: string, ms: number): Promise<void>;
  /** Gives back what is still taken, and ends what runs. The connection is not ours to close. */
  close(): Promise<void>;
}

interface Held extends TakenJob {
  channel: JobChannel;
  /** Monotonic; the lock of the port, of which the lease is a part. */
  endsOn: number;
}

const leaseMsDefault = 6_000;
const stalledIntervalMsDefault = 2_000;
const emptyMs = 20;

/**
 * The work queue of a fleet: BullMQ on Redis, one queue for each role and account. A job is an id; all of them may vanish.
 *
 * A taken job is hidden by a lease that is renewed until `lockMs` are over: a process that dies frees its jobs in seconds,
 * and one that works may take minutes. While Redis is away `take` finds nothing, and everything else rejects at once.
 */
export function createBullmqWorkQueue(options: BullmqWorkQueueOptions): BullmqWorkQueue {
  return new BullmqQueues(options);
}

class BullmqQueues implements BullmqWorkQueue {
  readonly #options: BullmqWorkQueueOptions;
  readonly #leaseMs: number;
  /** All that were ever named here, by role and account. */
  readonly #channels = new Map<string, JobChannel>();
  /** What is taken from: of the accounts of this process. */
  readonly #sources: Readonly<Record<QueueName, readonly JobChannel[]>>;
  readonly #watches: Readonly<Record<QueueName, MarkerWatch>>;
  readonly #held = new Map<string, Held>();
  /** When each was last found to have no more; monotonic. */
  readonly #emptyOn = new Map<JobChannel, number>();
  readonly #renewal: NodeJS.Timeout;
  #turn = 0;

  constructor(options: BullmqWorkQueueOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? leaseMsDefault;
    const perAccount = (queue: QueueName): JobChannel[] => options.accounts.map(name => this.#channel(queue, name));
    this.#sources = {
      submit: [this.#channel('submit'), ...perAccount('submit')],
      collect: [this.#channel('collect'), ...perAccount('collect')],
      retry: [this.#channel('retry')],
    };
    this.#watches = byQueue(queue => this.#watch(queue));
    this.#renewal = setInterval(() => this.#renew().catch(() => {}), this.#leaseMs / 3);
    this.#renewal.unref();
  }

  async add({ queue, id, account, delayMs = 0 }: Job): Promise<void> {
    const { redis } = this.#options;
    if (!redis.memory.hasRoomForJobs()) {
      // The rest is for taking them: at the bound itself Redis would refuse that too.
      throw new FlotillaError('queue-unavailable', {
        where: redis.shownUrl,
        why: 'its memory is nearly full',
        fix: 'raise maxmemory, or wait until jobs are done',
        isRetryable: true,
      });
    }
    await this.#asking(() => this.#channel(queue, queue === 'retry' ? '' : account).add(id, delayMs));
  }

  async take(queue: QueueName, { limit, lockMs, waitMs, signal }: TakeOptions): Promise<Job[]> {
    const giveUpOn = performance.now() + waitMs;
    for (;;) {
      const jobs = await this.#takeNow(queue, { limit, lockMs });
      const leftMs = giveUpOn - performance.now();
      if (jobs.length > 0 || limit <= 0 || leftMs <= 0 || signal?.aborted) return jobs;
      await this.#watches[queue].wait(leftMs, signal);
    }
  }

  async done(queue: QueueName, id: string): Promise<void> {
    const held = this.#release(queue, id);
    if (held) return this.#asking(() => held.channel.complete(held));
    await this.#asking(() => Promise.all(this.#channelsOf(queue).map(channel => channel.remove(id))));
  }

  async postpone(queue: QueueName, id: string, delayMs: number): Promise<void> {
    const held = this.#release(queue, id);
    if (held) await this.#asking(() => held.channel.postpone(held, delayMs));
  }

  async depths(): Promise<Record<QueueName, number>> {
    const depthOf = async (queue: QueueName): Promise<[QueueName, number]> => {
      const depths = await Promise.all(this.#channelsOf(queue).map(channel => channel.depth()));
      return [queue, depths.reduce((sum, depth) => sum + depth, 0)];
    };
    const depths = await this.#asking(() => Promise.all(queueNames.map(depthOf)));
    return Object.fromEntries(depths) as Record<QueueName, number>;
  }

  async holdSubmits(account: string, ms: number): Promise<void> {
    await this.#asking(() => this.#channel('submit', account).hold(ms));
  }

  async close(): Promise<void> {
    clearInterval(this.#renewal);
    for (const watch of Object.values(this.#watches)) watch.close();
    const left = [...this.#held.values()];
    this.#held.clear();
    if (this.#isThere()) await Promise.allSettled(left.map(held => held.channel.postpone(held, 0)));
    await Promise.allSettled([...this.#channels.values()].map(channel => channel.close()));
  }

  /** Nothing while Redis is away. */
  async #takeNow(queue: QueueName, { limit, lockMs }: { limit: number; lockMs: number }): Promise<Job[]> {
    const jobs: Job[] = [];
    for (const { channel, isLikelyEmpty } of this.#inTurn(queue)) {
      if (jobs.length >= limit || (isLikelyEmpty && jobs.length > 0) || !this.#isThere()) break;
      const wanted = limit - jobs.length;
      try {
        const taken = await channel.take(wanted, Math.min(lockMs, this.#leaseMs));
        if (taken.length < wanted) this.#emptyOn.set(channel, performance.now());
        const endsOn = performance.now() + lockMs;
        for (const each of taken) this.#held.set(keyOf(queue, each.id), { ...each, channel, endsOn });
        jobs.push(...taken.map(({ id }) => ({ queue, id })));
      } catch {
        break; // away, or out of memory: the connection tells it, and the next take tries again
      }
    }
    return jobs;
  }

  /**
   * Each of the role's queues comes first now and then, so that none starves the others. Those found empty a moment ago
   * come last, and are asked only by who found nothing else: asking costs as much as taking.
   */
  #inTurn(queue: QueueName): { channel: JobChannel; isLikelyEmpty: boolean }[] {
    const sources = this.#sources[queue];
    this.#turn += 1;
    const first = this.#turn % sources.length;
    const since = performance.now() - emptyMs;
    return [...sources.slice(first), ...sources.slice(0, first)]
      .map(channel => ({ channel, isLikelyEmpty: (this.#emptyOn.get(channel) ?? -Infinity) > since }))
      .sort((one, other) => Number(one.isLikelyEmpty) - Number(other.isLikelyEmpty));
  }

  #release(queue: QueueName, id: string): Held | undefined {
    const key = keyOf(queue, id);
    const held = this.#held.get(key);
    this.#held.delete(key);
    return held;
  }

  /** Until their lock is over; from then on they may come back to anybody. */
  async #renew(): Promise<void> {
    const now = performance.now();
    for (const [key, { endsOn }] of this.#held) if (endsOn + this.#leaseMs < now) this.#held.delete(key);
    const held = [...this.#held.values()].filter(({ endsOn }) => endsOn > now);
    if (!this.#isThere()) return;
    for (const [channel, taken] of Map.groupBy(held, ({ channel }) => channel)) {
      for (let from = 0; from < taken.length; from += 200) {
        await channel.extend(taken.slice(from, from + 200), this.#leaseMs);
      }
    }
  }

  #isThere(): boolean {
    return this.#options.redis.client.status === 'ready';
  }

  /** @throws FlotillaError queue-unavailable at once when Redis is away, however BullMQ would wait for it */
  async #asking<T>(act: () => Promise<T>): Promise<T> {
    const { shownUrl } = this.#options.redis;
    if (!this.#isThere()) throw toQueueError(new Error('it cannot be reached'), shownUrl);
    try {
      return await act();
    } catch (error) {
      throw toQueueError(error, shownUrl);
    }
  }

  #channelsOf(queue: QueueName): JobChannel[] {
    return [...this.#channels].filter(([key]) => key.startsWith(`${queue} `)).map(([, channel]) => channel);
  }

  #channel(queue: QueueName, account = ''): JobChannel {
    const key = keyOf(queue, account);
    const known = this.#channels.get(key);
    if (known) return known;
    const { redis: server, prefix, incarnation: owner, stalledIntervalMs, submitRates } = this.#options;
    const channel = new JobChannel({
      queue,
      account,
      server,
      keyPrefix: keyPrefix(prefix),
      owner,
      stalledIntervalMs: stalledIntervalMs ?? stalledIntervalMsDefault,
      rate: submitRates?.[account] ?? null,
    });
    this.#channels.set(key, channel);
    return channel;
  }

  #watch(queue: QueueName): MarkerWatch {
    const { client } = this.#options.redis;
    return new MarkerWatch({
      connect: () => client.duplicate({ connectionName: `${client.options.connectionName ?? ''}:${queue}` }),
      keys: () => this.#sources[queue].map(channel => channel.markerKey),
    });
  }
}

const keyOf = (queue: QueueName, name: string): string => `${queue} ${name}`;

const byQueue = <T>(make: (queue: QueueName) => T): Record<QueueName, T> =>
  Object.fromEntries(queueNames.map(queue => [queue, make(queue)])) as Record<QueueName, T>;
