import type { Job, QueueName, TakeOptions, WorkQueue } from '#ports/work-queue.ts';
import type { Life } from './life.ts';
import type { TimedEvent } from './virtual-time.ts';
import type { World } from './world.ts';

interface Entry {
  queue: QueueName;
  id: string;
  dueAt: number;
}

interface Taker {
  queue: QueueName;
  options: TakeOptions;
  life: Life;
  give(jobs: Job[]): void;
}

interface Change {
  at: number;
  key: string;
  before: Entry | undefined;
}

const keyOf = (queue: QueueName, id: string): string => `${queue} ${id}`;

/**
 * The job queue all workers share, like BullMQ on Redis: it may lose its last second, or everything. A taken job is one
 * that is due again when its lock is over.
 */
export class SimulatedQueue {
  readonly #world: World;
  readonly #jobs = new Map<string, Entry>();
  #history: Change[] = [];
  readonly #takers = new Set<Taker>();
  #alarm: TimedEvent | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  connect(life: Life): WorkQueue {
    return {
      add: async ({ queue, id, delayMs = 0 }) => {
        if (!this.#jobs.has(keyOf(queue, id))) this.#set({ queue, id, dueAt: this.#now + delayMs });
      },
      take: (queue, options) => this.#take(queue, options, life),
      done: async (queue, id) => this.#delete(keyOf(queue, id)),
      postpone: async (queue, id, delayMs) => {
        if (this.#jobs.has(keyOf(queue, id))) this.#set({ queue, id, dueAt: this.#now + delayMs });
      },
      depths: async () => ({
        submit: this.#depth('submit'),
        collect: this.#depth('collect'),
        retry: this.#depth('retry'),
      }),
    };
  }

  clear(): void {
    this.#jobs.clear();
    this.#history = [];
  }

  /** What had not reached the disk is as it was a second ago. */
  loseLastSecond(): void {
    const since = this.#now - 1_000;
    for (const { key, before } of this.#history.filter(change => change.at >= since).reverse()) {
      if (before) this.#jobs.set(key, before);
      else this.#jobs.delete(key);
    }
    this.#history = [];
  }

  get #now(): number {
    return this.#world.time.now;
  }

  #depth(queue: QueueName): number {
    let depth = 0;
    for (const job of this.#jobs.values()) if (job.queue === queue) depth += 1;
    return depth;
  }

  #set(entry: Entry): void {
    const key = keyOf(entry.queue, entry.id);
    this.#remember(key);
    this.#jobs.set(key, entry);
    this.#serve();
  }

  #delete(key: string): void {
    this.#remember(key);
    this.#jobs.delete(key);
  }

  #remember(key: string): void {
    if (!this.#world.hasFaults) return;
    this.#history.push({ at: this.#now, key, before: this.#jobs.get(key) });
    if (this.#history.length > 500) this.#history = this.#history.filter(({ at }) => at >= this.#now - 1_000);
  }

  async #take(queue: QueueName, options: TakeOptions, life: Life): Promise<Job[]> {
    const jobs = this.#due(queue, options);
    if (jobs.length > 0 || options.waitMs <= 0) return jobs;
    return new Promise(resolve => {
      const timer = this.#world.time.later(options.waitMs, () => {
        this.#takers.delete(taker);
        resolve([]);
      });
      const give = (given: Job[]): void => {
        timer.run = null;
        resolve(given);
      };
      const taker = { queue, options, life, give };
      this.#takers.add(taker);
      this.#setAlarm();
    });
  }

  #due(queue: QueueName, { limit, lockMs }: TakeOptions): Job[] {
    const jobs: Job[] = [];
    for (const [key, entry] of this.#jobs) {
      if (jobs.length >= limit) break;
      if (entry.queue !== queue || entry.dueAt > this.#now) continue;
      this.#remember(key);
      const isTwice = this.#world.fault(0.01 * this.#world.setting.doubleTakes, 'job taken twice');
      this.#jobs.set(key, { ...entry, dueAt: this.#now + (isTwice ? this.#world.random.between(1, 20) : lockMs) });
      jobs.push({ queue, id: entry.id });
    }
    return jobs;
  }

  #serve(): void {
    for (const taker of this.#takers) {
      if (taker.life.isDead) {
        this.#takers.delete(taker);
        continue;
      }
      const jobs = this.#due(taker.queue, taker.options);
      if (jobs.length === 0) continue;
      this.#takers.delete(taker);
      taker.give(jobs);
    }
    this.#setAlarm();
  }

  #setAlarm(): void {
    const wanted = new Set([...this.#takers].map(taker => taker.queue));
    let next = Infinity;
    for (const { queue, dueAt } of this.#jobs.values()) {
      // What is due already has been offered to everyone who waits.
      if (dueAt > this.#now && dueAt < next && wanted.has(queue)) next = dueAt;
    }
    if (this.#alarm?.run && this.#alarm.at === next) return;
    if (this.#alarm) this.#alarm.run = null;
    this.#alarm = next === Infinity ? null : this.#world.time.at(next, () => this.#serve());
  }
}
