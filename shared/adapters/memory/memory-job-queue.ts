import type { Clock } from '#ports/clock.ts';
import type { Job, QueueName, TakeOptions } from '#ports/work-queue.ts';
import { type DueEntry, DueHeap } from './due-heap.ts';

interface Entry extends DueEntry {
  id: string;
  isTaken: boolean;
}

interface Taker {
  limit: number;
  lockMs: number;
  give(jobs: Job[]): void;
}

/**
 * One queue. A job waits (until due, then in the order it came due) or is taken (until done, postponed, or its lock is
 * over, when it waits again). Takers that found nothing are served in the order they came.
 */
export class MemoryJobQueue {
  readonly #queue: QueueName;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new DueHeap<Entry>();
  readonly #taken = new DueHeap<Entry>();
  readonly #takers = new Set<Taker>();
  #sequence = 0;
  #alarm: { at: number; controller: AbortController } | null = null;

  constructor(queue: QueueName, clock: Clock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** Waiting jobs, due or not. */
  get depth(): number {
    this.#returnExpired();
    return this.#waiting.size;
  }

  /** Waiting and taken. */
  get size(): number {
    return this.#entries.size;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  add(id: string, delayMs: number): void {
    const entry: Entry = { id, isTaken: false, dueAt: 0, sequence: 0, heapIndex: 0 };
    this.#entries.set(id, entry);
    this.#wait(entry, this.#clock.monotonic() + delayMs);
    this.#serve();
  }

  async take({ limit, lockMs, waitMs, signal }: TakeOptions): Promise<Job[]> {
    const jobs = this.#takeDue(limit, lockMs);
    if (jobs.length > 0 || waitMs <= 0 || limit <= 0 || signal?.aborted) return jobs;
    const { promise, resolve } = Promise.withResolvers<Job[]>();
    const timer = new AbortController();
    const giveUp = (): void => resolve([]);
    const taker = { limit, lockMs, give: resolve };
    this.#takers.add(taker);
    signal?.addEventListener('abort', giveUp);
    this.#clock.sleep(waitMs, timer.signal).then(giveUp, giveUp);
    this.#setAlarm();
    const given = await promise;
    this.#takers.delete(taker);
    signal?.removeEventListener('abort', giveUp);
    timer.abort();
    this.#setAlarm();
    return given;
  }

  done(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#heapOf(entry).remove(entry);
  }

  postpone(id: string, delayMs: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#heapOf(entry).remove(entry);
    this.#wait(entry, this.#clock.monotonic() + delayMs);
    this.#serve();
  }

  #heapOf(entry: Entry): DueHeap<Entry> {
    return entry.isTaken ? this.#taken : this.#waiting;
  }

  #wait(entry: Entry, dueAt: number): void {
    this.#sequence += 1;
    entry.sequence = this.#sequence;
    entry.isTaken = false;
    entry.dueAt = dueAt;
    this.#waiting.add(entry);
  }

  #returnExpired(): void {
    const now = this.#clock.monotonic();
    for (let entry = this.#taken.peek(); entry !== null && entry.dueAt <= now; entry = this.#taken.peek()) {
      this.#taken.remove(entry);
      this.#wait(entry, entry.dueAt);
    }
  }

  #takeDue(limit: number, lockMs: number): Job[] {
    this.#returnExpired();
    const now = this.#clock.monotonic();
    const jobs: Job[] = [];
    while (jobs.length < limit) {
      const entry = this.#waiting.peek();
      if (entry === null || entry.dueAt > now) break;
      this.#waiting.remove(entry);
      entry.isTaken = true;
      entry.dueAt = now + lockMs;
      this.#taken.add(entry);
      jobs.push({ queue: this.#queue, id: entry.id });
    }
    return jobs;
  }

  #serve(): void {
    for (const taker of this.#takers) {
      const jobs = this.#takeDue(taker.limit, taker.lockMs);
      if (jobs.length === 0) break;
      this.#takers.delete(taker);
      taker.give(jobs);
    }
    this.#setAlarm();
  }

  /** Somebody waits: be there when the next job comes due or the next lock is over. Nobody waits: no timer. */
  #setAlarm(): void {
    const next = Math.min(this.#waiting.peek()?.dueAt ?? Infinity, this.#taken.peek()?.dueAt ?? Infinity);
    const at = this.#takers.size > 0 ? next : Infinity;
    if (at === (this.#alarm?.at ?? Infinity)) return;
    this.#alarm?.controller.abort();
    this.#alarm = null;
    if (at === Infinity) return;
    const alarm = { at, controller: new AbortController() };
    this.#alarm = alarm;
    const ring = (): void => {
      if (this.#alarm !== alarm) return;
      this.#alarm = null;
      this.#serve();
    };
    this.#clock.sleep(at - this.#clock.monotonic(), alarm.controller.signal).then(ring, ring);
  }
}
