import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { EncodedRow } from './encode-append.ts';
import type { GroupWriter, LogWrite, LogWritten } from './log-write.ts';
import type { WriterAnswer, WriterRequest, WriterSettings } from './writer-thread-main.ts';

/** What a group leaves behind is small; without a bound it would lie there for long. */
const youngMbMax = 4;

/**
 * Writes in a thread of its own with a connection of its own, so that nobody waits for the disk but who asked. The bytes
 * of rows change threads and come back, they are not copied. The thread holds nothing that is not in the file: should it
 * die, its group is rolled back or committed as a whole, and the next write begins another.
 *
 * States: no thread yet ─first write─▶ running ─close─▶ gone. It keeps the process alive only while it writes.
 */
export class WriterThread implements GroupWriter {
  readonly #settings: WriterSettings;
  #worker: Worker | null = null;

  constructor(settings: WriterSettings) {
    this.#settings = settings;
  }

  async write(group: readonly LogWrite[]): Promise<readonly LogWritten[]> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const rows = group.flatMap(rowsOf);
    worker.ref();
    try {
      const answered = this.#answerOf(worker);
      const request: WriterRequest = { group };
      worker.postMessage(
        request,
        rows.map(({ bytes }) => bytes.buffer),
      );
      const { outcome, bytes } = await answered;
      for (const [index, row] of rows.entries()) row.bytes = bytes[index]!;
      if (outcome.is === 'failed') throw new FlotillaError(outcome.code, outcome.options);
      return outcome.written;
    } finally {
      worker.unref();
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    worker.ref();
    worker.postMessage(null);
    await once(worker, 'exit');
  }

  #start(): Worker {
    const worker = new Worker(new URL('./writer-thread-main.ts', import.meta.url), {
      workerData: this.#settings,
      env: compileCacheHere(),
      resourceLimits: { maxYoungGenerationSizeMb: youngMbMax },
    });
    worker.unref();
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    return worker;
  }

  #answerOf(worker: Worker): Promise<WriterAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WriterAnswer>();
    const fail = (cause: unknown): void =>
      reject(new FlotillaError('log-unavailable', { why: 'the writing thread has ended', cause, isRetryable: true }));
    worker.once('message', resolve).once('error', fail).once('exit', fail);
    return promise.finally(() => worker.off('message', resolve).off('error', fail).off('exit', fail));
  }
}

/** A thread has no compile cache by itself, and would strip types and compile anew. */
function compileCacheHere(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  // The directory it names lies in the one that is asked for.
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}

const rowsOf = (write: LogWrite): EncodedRow[] =>
  write.is === 'append' ? write.parts.flatMap(({ rows }) => rows) : [];
