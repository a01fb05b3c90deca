import { createRedisBackend, ErrorCode, type Job, Queue, Worker } from 'bullmq';
import type { QueueName } from '#ports/work-queue.ts';
import { idOfJob, jobIdOf, queueTitle } from './job-names.ts';
import type { QueueServer } from './queue-server.ts';

/** So many jobs may be taken in so much time, by all processes together. */
export interface TakeRate {
  jobsMax: number;
  durationMs: number;
}

export interface TakenJob {
  id: string;
  job: Job;
  token: string;
}

export interface JobChannelOptions {
  queue: QueueName;
  account: string;
  server: QueueServer;
  keyPrefix: string;
  /** Begins the tokens of this process's locks. */
  owner: string;
  stalledIntervalMs: number;
  rate: TakeRate | null;
}

/** Taken in one go once there is something at all. */
const takenAtOnceMax = 50;
/** A job is a hint: it never fails, however often its takers die. */
const maxStalledCount = 20;
const eventsMax = 1_000;
/** What no fleet reaches: with it BullMQ looks at the pause that `hold` sets. */
const noRate: TakeRate = { jobsMax: 1_000_000_000, durationMs: 1_000 };

/**
 * One queue of BullMQ: a role's jobs for one account. Jobs are taken by hand, so that they come to whoever asks; what
 * BullMQ's own loop would do for a lock is done by `extend`.
 */
export class JobChannel {
  readonly #options: JobChannelOptions;
  readonly #jobs: Queue;
  /** By lock: BullMQ knows one per worker. */
  readonly #takers = new Map<number, Worker>();
  #tokens = 0;

  constructor(options: JobChannelOptions) {
    this.#options = options;
    this.#jobs = new Queue(queueTitle(options.queue, options.account), {
      ...this.#shared(),
      // Gone once done, so that the same id may come again.
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: eventsMax } },
    });
    this.#jobs.on('error', ignore);
  }

  /** Where BullMQ says that there may be something to take. */
  get markerKey(): string {
    return this.#jobs.toKey('marker');
  }

  async add(id: string, delayMs: number): Promise<void> {
    const { queue } = this.#options;
    await this.#jobs.add(queue, {}, { jobId: jobIdOf(queue, id), ...(delayMs > 0 ? { delay: delayMs } : {}) });
  }

  /** At most `limit`, hidden from others for `leaseMs`. What a broken connection swallows comes back after that. */
  async take(limit: number, leaseMs: number): Promise<TakenJob[]> {
    const taker = this.#taker(leaseMs);
    const taken: TakenJob[] = [];
    let atOnce = 1; // mostly there is nothing
    while (taken.length < limit) {
      const asked = Math.min(atOnce, limit - taken.length);
      const replies = await Promise.allSettled(Array.from({ length: asked }, () => this.#takeOne(taker)));
      const found = replies.flatMap(reply => (reply.status === 'fulfilled' && reply.value) || []);
      taken.push(...found);
      const failed = replies.find(reply => reply.status === 'rejected');
      if (failed && taken.length === 0) throw failed.reason;
      if (found.length < asked) break;
      atOnce = takenAtOnceMax;
    }
    return taken;
  }

  async #takeOne(taker: Worker): Promise<TakenJob | null> {
    this.#tokens += 1;
    const token = `${this.#options.owner}-${this.#tokens}`;
    const job = await taker.getNextJob(token, { block: false });
    return job?.id === undefined ? null : { id: idOfJob(job.id), job, token };
  }

  /** Hides them for another `leaseMs`; those that are no longer ours are left alone. */
  async extend(taken: readonly TakenJob[], leaseMs: number): Promise<void> {
    const ids = taken.map(({ job }) => job.id as string);
    const tokens = taken.map(({ token }) => token);
    await this.#taker(leaseMs).extendJobLocks(ids, tokens, leaseMs);
  }

  async complete({ id, job, token }: TakenJob): Promise<void> {
    try {
      await job.moveToCompleted(null, token, false);
    } catch (error) {
      const code = codeOf(error);
      if (code === null) throw error;
      // Its lock was over, so it waits again: done is done. A lock of another's is left alone.
      if (code === ErrorCode.JobLockNotExist || code === ErrorCode.JobNotInState) await this.remove(id);
    }
  }

  async postpone({ job, token }: TakenJob, delayMs: number): Promise<void> {
    try {
      await job.moveToDelayed(Date.now() + delayMs, token);
    } catch (error) {
      if (codeOf(error) === null) throw error; // else it is gone, waits again, or is another's
    }
  }

  /** Whatever it waits for; not while somebody has it. */
  async remove(id: string): Promise<void> {
    try {
      await this.#jobs.remove(jobIdOf(this.#options.queue, id));
    } catch (error) {
      if (codeOf(error) === null) throw error;
    }
  }

  /** Waiting, due or not. */
  async depth(): Promise<number> {
    const counts = await this.#jobs.getJobCounts('waiting', 'delayed');
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  /** Nobody takes from it for so long, in any process. Of submits only: no other queue looks at a rate. */
  async hold(ms: number): Promise<void> {
    await this.#jobs.rateLimit(Math.ceil(ms));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#takers.values()].map(taker => taker.close(true)));
    await this.#jobs.close();
  }

  #taker(leaseMs: number): Worker {
    const known = this.#takers.get(leaseMs);
    if (known) return known;
    const { stalledIntervalMs, rate, queue } = this.#options;
    const { jobsMax: max, durationMs: duration } = rate ?? noRate;
    const taker = new Worker(
      this.#jobs.name,
      null,
      {
        ...this.#shared(),
        autorun: false,
        lockDuration: leaseMs,
        stalledInterval: stalledIntervalMs,
        maxStalledCount,
        ...(queue === 'submit' ? { limiter: { max, duration } } : {}),
      },
      // Without a connection that blocks: jobs are taken by hand.
      (name, options) => createRedisBackend(name, options),
    );
    taker.on('error', ignore);
    // One of them looks for jobs whose taker died; between processes BullMQ sees to it that one does.
    if (this.#takers.size === 0) taker.startStalledCheckTimer().catch(ignore);
    this.#takers.set(leaseMs, taker);
    return taker;
  }

  #shared(): { connection: QueueServer['client']; prefix: string; skipVersionCheck: true } {
    // The version was checked when the connection was opened; asked here, one lost reply would break the queue for good.
    const { server, keyPrefix: prefix } = this.#options;
    return { connection: server.client, prefix, skipVersionCheck: true };
  }
}

/** What a connection says is told once, by whoever opened it. */
function ignore(): void {}

/** What a script of BullMQ answered; null for everything else. */
function codeOf(error: unknown): number | null {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : null;
}
