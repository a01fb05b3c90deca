/** The thread that writes: takes a group, answers when it is on disk. Closes the file and ends at the message `null`. */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { ErrorCode } from '#errors/catalogue.ts';
import type { FlotillaErrorOptions } from '#errors/flotilla-error.ts';
import type { EncodedAppend } from './encode-append.ts';
import type { LogWrite, LogWritten } from './log-write.ts';
import { LogWriter } from './log-writer.ts';
import { openDatabase } from './open-database.ts';
import { toLogError } from './to-log-error.ts';

export interface WriterSettings {
  path: string;
  bytesMax: number | null;
}

export interface WriterRequest {
  group: readonly LogWrite[];
}

export interface WriterAnswer {
  outcome: Outcome;
  /** Those of the rows, given back. */
  bytes: readonly Uint8Array<ArrayBuffer>[];
}

type Outcome =
  | { is: 'written'; written: readonly LogWritten[] }
  | { is: 'failed'; code: ErrorCode; options: FlotillaErrorOptions };

const { path, bytesMax } = workerData as WriterSettings;
let open: { db: DatabaseSync; writer: LogWriter } | null = null;

parentPort?.on('message', (request: WriterRequest | null) => {
  if (request !== null) return answer(request);
  open?.db.close();
  parentPort?.close();
});

function answer({ group }: WriterRequest): void {
  const outcome = perform(group);
  const bytes = group.flatMap(write => (write.is === 'append' ? write.parts.flatMap(bytesOf) : []));
  const reply: WriterAnswer = { outcome, bytes };
  parentPort?.postMessage(
    reply,
    bytes.map(({ buffer }) => buffer),
  );
}

const bytesOf = ({ rows }: EncodedAppend): Uint8Array<ArrayBuffer>[] => rows.map(row => row.bytes);

function perform(group: readonly LogWrite[]): Outcome {
  try {
    open ??= openWriter();
    return { is: 'written', written: open.writer.write(group) };
  } catch (error) {
    // An error loses its class and code on the way to another thread.
    const { code, where, why, fix, isRetryable, cause } = toLogError(error, path);
    return { is: 'failed', code, options: { where: where ?? path, why, fix, isRetryable, cause: String(cause) } };
  }
}

/** The file is there: whoever started this thread has made it. */
function openWriter(): { db: DatabaseSync; writer: LogWriter } {
  const db = openDatabase(path, { partitions: null, bytesMax });
  return { db, writer: new LogWriter(db, Date.now) };
}
