import { open } from 'node:fs/promises';
import { deadLetterLine } from '#contracts/dead-letter.ts';
import { headerNames } from '#core/headers.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, LogRecord, Topic } from '#ports/log.ts';

export interface AwaitAnswersOptions {
  log: Log;
  run: string;
  /** How many documents the run has. */
  documents: number;
  /** Where answers and dead letters are written; both anew. */
  out: string;
  deadLetters: string;
  signal: AbortSignal;
  onProgress: (answered: { succeeded: number; dead: number }) => void;
}

export interface AwaitedAnswers {
  succeeded: number;
  dead: number;
  isComplete: boolean;
}

const recordsPerRead = 1_000;
const waitMs = 1_000;

/** Follows the answers of a run that others work on, over all partitions, and writes them; the first for each document counts. */
export async function awaitAnswers(options: AwaitAnswersOptions): Promise<AwaitedAnswers> {
  const { log, documents, signal, onProgress } = options;
  const results = await RunTail.open('results', options.out, options);
  const letters = await RunTail.open('dead-letters', options.deadLetters, options);
  try {
    for (;;) {
      await results.read();
      await letters.read(); // in the same transaction as their results, so never behind them for long
      const succeeded = results.succeeded;
      const dead = results.count - succeeded;
      onProgress({ succeeded, dead });
      const isComplete = results.count >= documents && letters.count >= dead;
      if (isComplete || signal.aborted) return { succeeded, dead, isComplete };
      await log.waitForMore(results.marks(), waitMs, signal);
    }
  } finally {
    await results.close();
    await letters.close();
  }
}

class RunTail {
  readonly #topic: Topic;
  readonly #options: AwaitAnswersOptions;
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly #offsets: number[];
  readonly #seen = new Set<string>();
  succeeded = 0;

  private constructor(topic: Topic, file: Awaited<ReturnType<typeof open>>, options: AwaitAnswersOptions) {
    this.#topic = topic;
    this.#options = options;
    this.#file = file;
    this.#offsets = Array.from({ length: options.log.partitions(topic) }, () => 0);
  }

  static async open(topic: Topic, path: string, options: AwaitAnswersOptions): Promise<RunTail> {
    const file = await open(path, 'w').catch((cause: unknown) => {
      throw new FlotillaError('input-unreadable', {
        where: path,
        why: `it cannot be written: ${String(cause)}`,
        cause,
      });
    });
    return new RunTail(topic, file, options);
  }

  get count(): number {
    return this.#seen.size;
  }

  marks(): { topic: Topic; partition: number; from: number }[] {
    return this.#offsets.map((from, partition) => ({ topic: this.#topic, partition, from }));
  }

  async read(): Promise<void> {
    for (const partition of this.#offsets.keys()) {
      for (let isAtEnd = false; !isAtEnd && !this.#options.signal.aborted; ) {
        const from = this.#offsets[partition] as number;
        const query = { topic: this.#topic, partition, from, recordsMax: recordsPerRead };
        const read = await this.#options.log.read(query);
        for (const record of read.records) {
          const { headers } = record;
          const rid = headers[headerNames.rid];
          if (headers[headerNames.run] !== this.#options.run || rid === undefined || this.#seen.has(rid)) continue;
          this.#seen.add(rid);
          if (headers[headerNames.outcome] === 'succeeded') this.succeeded += 1;
          await this.#file.write(`${this.#lineOf(record)}\n`);
        }
        this.#offsets[partition] = read.nextOffset;
        isAtEnd = read.isAtEnd;
      }
    }
  }

  #lineOf({ value, headers }: LogRecord): string {
    if (this.#topic === 'dead-letters') return deadLetterLine({ value, headers });
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
