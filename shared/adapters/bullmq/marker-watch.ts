import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** A marker may go to a process that then dies, so everybody looks by himself that often. */
const pollMs = 1_000;
const awayMs = 200;

/**
 * Wakes whoever waits for a job. BullMQ keeps a marker beside each queue: a sorted set with a score of 0 when there is
 * something to take, or with the time when the next job is due. One connection blocks on the markers of a role's queues
 * while somebody waits. Only speed depends on it: without any marker each look comes a second later.
 */
export class MarkerWatch {
  readonly #connect: () => Redis;
  readonly #keys: () => string[];
  readonly #waiting = new Set<() => void>();
  #client: Redis | null = null;
  #dueAt = Infinity;
  #isRunning = false;
  #isClosed = false;

  constructor({ connect, keys }: { connect: () => Redis; keys: () => string[] }) {
    this.#connect = connect;
    this.#keys = keys;
  }

  /** Resolves when there may be a job, when `ms` are over, or when `signal` is aborted. */
  async wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#isClosed || signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const wake = (): void => resolve();
    signal?.addEventListener('abort', wake);
    this.#waiting.add(wake);
    if (!this.#isRunning) this.#run().catch(() => {});
    await promise;
    this.#waiting.delete(wake);
    signal?.removeEventListener('abort', wake);
    clearTimeout(timer);
  }

  close(): void {
    this.#isClosed = true;
    for (const wake of this.#waiting) wake();
    this.#client?.disconnect();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#waiting.size > 0 && !this.#isClosed) {
        if (await this.#isWorthALook()) this.#wakeOne();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** One is enough: taking a job leaves a marker for the next. */
  #wakeOne(): void {
    for (const wake of this.#waiting) {
      this.#waiting.delete(wake);
      wake();
      return;
    }
  }

  async #isWorthALook(): Promise<boolean> {
    const blockMs = Math.max(10, Math.min(pollMs, this.#dueAt - Date.now()));
    let popped: [key: string, member: string, score: string] | null;
    try {
      popped = await this.#connected().bzpopmin(this.#keys(), blockMs / 1_000);
    } catch {
      if (!this.#isClosed) await sleep(awayMs);
      return false;
    }
    if (popped !== null) this.#dueAt = Math.min(this.#dueAt, Number(popped[2]));
    if (popped !== null && this.#dueAt > Date.now()) return false;
    this.#dueAt = Infinity;
    return true;
  }

  #connected(): Redis {
    if (this.#client === null) {
      this.#client = this.#connect();
      this.#client.on('error', () => {}); // told by the other connection
    }
    // The first time, and again where it was ended; until it is there, commands are refused.
    if (this.#client.status === 'wait' || this.#client.status === 'end') this.#client.connect().catch(() => {});
    return this.#client;
  }
}
