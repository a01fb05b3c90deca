import { headerNames } from '#core/headers.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log, LogRecord, Mark } from '#ports/log.ts';

export interface AnswerTailOptions {
  log: Pick<Log, 'partitions' | 'read' | 'endOffset' | 'waitForMore'>;
  clock: Pick<Clock, 'sleep'>;
  /** Reading failed; it is tried again. */
  onTrouble: (error: unknown) => void;
}

/** Where to read on in each partition of the results. */
export type ResultMarks = readonly number[];

const recordsPerRead = 500;
const waitMs = 1_000;
const againMs = 1_000;

/**
 * Follows the results for those who wait, by rid. The first record of a rid is its answer; a copy that a broken broker may
 * show later is the same byte for byte, and nobody waits for it any more (protocol §1).
 */
export class AnswerTail {
  readonly #options: AnswerTailOptions;
  readonly #stopping = new AbortController();
  readonly #waiting = new Map<string, Set<(record: LogRecord) => void>>();
  #marks: number[] = [];
  #started: Promise<void> | null = null;
  #following: Promise<void> = Promise.resolve();

  constructor(options: AnswerTailOptions) {
    this.#options = options;
  }

  /** Where it reads now: an answer to what is sent from here on stands there or later. */
  async marks(): Promise<ResultMarks> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = null; // the next one tries again
      throw error;
    });
    await this.#started;
    return [...this.#marks];
  }

  /** The first result of `rid` at or beyond `from`; null when `signal` is aborted first. */
  async wait(rid: string, from: ResultMarks, signal: AbortSignal): Promise<LogRecord | null> {
    const { promise, resolve } = Promise.withResolvers<LogRecord | null>();
    const stop = (): void => resolve(null);
    signal.addEventListener('abort', stop, { once: true });
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted || this.#stopping.signal.aborted) stop();
    const waiting = this.#waiting.get(rid) ?? new Set();
    this.#waiting.set(rid, waiting.add(resolve));
    try {
      // Registered first: what is not found in what was read before is delivered by what is read from here on.
      const known = await this.#findBefore(rid, from, await this.marks());
      return known ?? (await promise);
    } finally {
      waiting.delete(resolve);
      if (waiting.size === 0) this.#waiting.delete(rid);
      signal.removeEventListener('abort', stop);
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #start(): Promise<void> {
    const { log } = this.#options;
    const partitions = Array.from({ length: log.partitions('results') }, (_, partition) => partition);
    this.#marks = await Promise.all(partitions.map(partition => log.endOffset('results', partition)));
    this.#following = this.#follow();
  }

  async #follow(): Promise<void> {
    const { log, clock, onTrouble } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (await this.#readSome()) continue;
        const marks = this.#marks.map((from, partition): Mark => ({ topic: 'results', partition, from }));
        await log.waitForMore(marks, waitMs, signal);
      } catch (error) {
        onTrouble(error);
        await clock.sleep(againMs, signal);
      }
    }
  }

  /** @returns true when there was something */
  async #readSome(): Promise<boolean> {
    let hasRead = false;
    for (const [partition, from] of this.#marks.entries()) {
      const query = { topic: 'results', partition, from, recordsMax: recordsPerRead } as const;
      const { records, nextOffset } = await this.#options.log.read(query);
      for (const record of records) {
        for (const resolve of this.#waiting.get(record.headers[headerNames.rid] ?? '') ?? []) resolve(record);
      }
      if (nextOffset > from) hasRead = true;
      this.#marks[partition] = nextOffset;
    }
    return hasRead;
  }

  async #findBefore(rid: string, from: ResultMarks, to: ResultMarks): Promise<LogRecord | null> {
    for (const [partition, end] of to.entries()) {
      for (let at = from[partition] ?? 0; at < end && !this.#stopping.signal.aborted; ) {
        const query = { topic: 'results', partition, from: at, recordsMax: recordsPerRead } as const;
        const { records, nextOffset } = await this.#options.log.read(query);
        const found = records.find(({ headers }) => headers[headerNames.rid] === rid);
        if (found) return found;
        if (nextOffset <= at) break;
        at = nextOffset;
      }
    }
    return null;
  }
}
