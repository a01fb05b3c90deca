import { setTimeout as sleep } from 'node:timers/promises';
import { type FetchedPartition, fetchRequest } from './fetch-request.ts';
import type { KafkaClient } from './kafka-client.ts';
import { codes, KafkaError } from './kafka-error.ts';
import type { LogReader } from './log-reader.ts';
import type { Note } from './note.ts';
import { type Place, placeKey } from './place.ts';

export type PlaceMark = Place & { from: number };

interface Waiter {
  marks: readonly PlaceMark[];
  wake(): void;
}

export interface TailWatcherOptions {
  /** Each has connections of its own: a broker keeps all that follows a waiting fetch on the same one waiting too. */
  clients: readonly KafkaClient[];
  reader: LogReader;
  note: Note;
}

/** A mark that comes while every client waits is looked at after so long. */
const pollWaitMs = 500;
const pollBytes = 1024 * 1024;
const pauseAfterFailureMs = 250;

/**
 * Waits at the ends of partitions by fetches that the broker holds until there is something. What a fetch brings goes into the
 * cache, so whoever wakes finds it there. Waiters share fetches; a mark that no fetch under way covers gets one of its own.
 */
export class TailWatcher {
  readonly #options: TailWatcherOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #free: KafkaClient[];
  /** How far readers can come, where a fetch has shown it. */
  readonly #readable = new Map<string, number>();
  /** Partitions that a fetch under way waits at. */
  readonly #covered = new Set<string>();
  #isClosed = false;

  constructor(options: TailWatcherOptions) {
    this.#options = options;
    this.#free = [...options.clients];
  }

  /** Resolves when there may be something at or beyond a mark, at the latest after `timeoutMs`. Never rejects. */
  async wait(marks: readonly PlaceMark[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed || signal?.aborted || timeoutMs <= 0) return;
    if (marks.some(mark => this.isBeyond(mark))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { marks, wake: resolve };
    const timer = setTimeout(resolve, timeoutMs);
    signal?.addEventListener('abort', waiter.wake);
    this.#waiters.add(waiter);
    this.#pump();
    await promise;
    this.#waiters.delete(waiter);
    signal?.removeEventListener('abort', waiter.wake);
    clearTimeout(timer);
  }

  /** True when a fetch has shown something at or beyond a mark. */
  isBeyond(mark: PlaceMark): boolean {
    return (this.#readable.get(placeKey(mark)) ?? 0) > mark.from;
  }

  close(): void {
    this.#isClosed = true;
    for (const { wake } of this.#waiters) wake();
  }

  #pump(): void {
    if (this.#isClosed || this.#free.length === 0) return;
    const marks = this.#uncovered();
    if (marks.length === 0) return;
    const client = this.#free.pop() as KafkaClient;
    for (const mark of marks) this.#covered.add(placeKey(mark));
    void this.#poll(client, marks).then(() => {
      this.#free.push(client);
      this.#pump();
    });
  }

  /** Of each partition that somebody waits at and no fetch does, the lowest mark. */
  #uncovered(): PlaceMark[] {
    const lowest = new Map<string, PlaceMark>();
    for (const { marks } of this.#waiters) {
      for (const mark of marks) {
        const key = placeKey(mark);
        if (this.#covered.has(key)) continue;
        const known = lowest.get(key);
        if (known === undefined || mark.from < known.from) lowest.set(key, mark);
      }
    }
    return [...lowest.values()];
  }

  async #poll(client: KafkaClient, marks: readonly PlaceMark[]): Promise<void> {
    try {
      const byLeader = await client.byLeader(marks);
      await Promise.all(
        [...byLeader].map(async ([broker, partitions]) => {
          const options = { partitions, waitMs: pollWaitMs, bytesMax: pollBytes, timeoutMs: client.requestTimeoutMs };
          const fetched = await client.send(broker, fetchRequest(options));
          for (const mark of partitions) this.#covered.delete(placeKey(mark));
          for (const each of fetched) await this.#take(each, partitions);
          this.#pump();
        }),
      );
    } catch (error) {
      if (!this.#isClosed) this.#options.note('warn', 'log-wait-failed', { message: (error as Error).message });
      await sleep(pauseAfterFailureMs);
      if (!this.#isClosed) await client.refresh().catch(() => {}); // the next fetch says what is wrong
    } finally {
      for (const mark of marks) this.#covered.delete(placeKey(mark));
    }
  }

  async #take(fetched: FetchedPartition, partitions: readonly PlaceMark[]): Promise<void> {
    const key = placeKey(fetched);
    const mark = partitions.find(each => placeKey(each) === key);
    if (mark === undefined) return;
    if (fetched.error === codes.offsetOutOfRange) return this.#isOutOfRange(mark);
    if (fetched.error !== 0) throw new KafkaError(fetched.error, `waiting at ${key}`);
    const spans = await this.#options.reader.keep(fetched, mark.from);
    const readable = spans.at(-1)?.next ?? mark.from;
    if (readable > mark.from) this.#wakeBelow(key, readable);
  }

  /** What was deleted is found by reading on. Beyond the end nothing is found, and nobody is woken to look for it. */
  async #isOutOfRange(mark: PlaceMark): Promise<void> {
    const oldest = await this.#options.reader.oldestOffset(mark);
    if (mark.from < oldest) this.#wakeBelow(placeKey(mark), oldest);
    else await sleep(pollWaitMs);
  }

  #wakeBelow(key: string, readable: number): void {
    this.#readable.set(key, Math.max(readable, this.#readable.get(key) ?? 0));
    for (const { marks, wake } of this.#waiters) {
      if (marks.some(mark => mark.from < readable && placeKey(mark) === key)) wake();
    }
  }
}
