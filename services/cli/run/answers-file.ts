import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { headerNames } from '#core/headers.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, LogRecord } from '#ports/log.ts';

export interface AnswersFileOptions {
  log: Log;
  run: string;
  /** `results` for the answers, `dead-letters` for the failed ones. */
  topic: 'results' | 'dead-letters';
  /** Null: nothing is written, only counted. */
  path: string | null;
}

/** How far the file is written, as it stands in the log's positions. */
interface Written {
  bytes: number;
  /** Lines by outcome, in a file of dead letters by cause. */
  counts: Record<string, number>;
}

const recordsPerRead = 2_000;

/**
 * A file as a projection of the log: one line a terminal record of the run, in the log's order. After a kill the torn last
 * line is cut and the complete lines say where to go on; a file that is not ours any more is written anew.
 */
export class AnswersFile {
  readonly #options: AnswersFileOptions;
  readonly #group: string;
  #file: FileHandle | null = null;
  #offset = 0;
  #written: Written = { bytes: 0, counts: {} };
  /** Lines that stand in the file beyond the committed position: they are not written twice. */
  #linesAhead = 0;
  #isAtEnd = false;

  constructor(options: AnswersFileOptions) {
    this.#options = options;
    const { run, topic, path } = options;
    this.#group = `out.${run}.${topic}.${hash('sha256', resolve(path ?? '')).slice(0, 12)}`;
  }

  /** Lines written so far: answers by outcome, dead letters by cause. */
  get counts(): Readonly<Record<string, number>> {
    return this.#written.counts;
  }

  /** True when the last `project` found nothing new. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  get total(): number {
    return Object.values(this.#written.counts).reduce((sum, n) => sum + n, 0);
  }

  /** @throws FlotillaError input-unreadable when the file cannot be written */
  async open(options: { isAnew?: boolean } = {}): Promise<void> {
    const { log, topic, path } = this.#options;
    if (path === null) return;
    this.#file = await open(path, 'a+').catch((cause: unknown) => {
      throw new FlotillaError('input-unreadable', {
        where: path,
        why: `it cannot be written: ${String(cause)}`,
        cause,
      });
    });
    const position = options.isAnew ? null : await log.position(this.#group, topic, 0);
    const written = position?.metadata ? (JSON.parse(position.metadata) as Written) : null;
    const { size } = await this.#file.stat();
    if (position && written && size >= written.bytes) {
      this.#offset = position.offset;
      this.#written = written;
      this.#linesAhead = await this.#cutTornLine(written.bytes, size);
    } else {
      await this.#file.truncate(0);
    }
  }

  /** Writes what has come since. @returns how many answers that were */
  async project(): Promise<number> {
    const { log, run, topic } = this.#options;
    const query = { topic, partition: 0, from: this.#offset, recordsMax: recordsPerRead } as const;
    const { records, nextOffset } = await log.read(query);
    this.#isAtEnd = nextOffset === this.#offset;
    if (this.#isAtEnd) return 0;
    const own = records.filter(record => record.headers[headerNames.run] === run);
    if (own.length > 0) await this.#write(own);
    this.#offset = nextOffset;
    if (own.length > 0) await this.#commit();
    return own.length;
  }

  /** Resolves when there may be something to project. */
  async waitForMore(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const mark = { topic: this.#options.topic, partition: 0, from: this.#offset } as const;
    await this.#options.log.waitForMore([mark], timeoutMs, signal);
  }

  /** On disk from here on. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (!file) return;
    await file.sync();
    await file.close();
  }

  async #write(records: readonly LogRecord[]): Promise<void> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for (const record of records) {
      const { value } = record;
      const word = this.#options.topic === 'results' ? outcomeOf(record) : causeOf(record);
      this.#written.counts[word] = (this.#written.counts[word] ?? 0) + 1;
      bytes += value.length + 1;
      if (this.#linesAhead > 0) this.#linesAhead -= 1;
      else parts.push(value, newline);
    }
    if (parts.length > 0) await this.#file?.appendFile(Buffer.concat(parts));
    this.#written = { ...this.#written, bytes: this.#written.bytes + bytes };
  }

  /** After the bytes: dying before it, the next start finds complete lines beyond the position and counts them. */
  async #commit(): Promise<void> {
    const { log, topic, path } = this.#options;
    if (path === null) return;
    const metadata = JSON.stringify(this.#written);
    await log.commitPosition({ group: this.#group, topic, partition: 0, offset: this.#offset, metadata });
  }

  async #cutTornLine(from: number, size: number): Promise<number> {
    let lines = 0;
    let end = from;
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (let at = from; at < size; ) {
      const read = await this.#file?.read(buffer, 0, buffer.length, at);
      if (!read || read.bytesRead === 0) break;
      for (
        let index = buffer.indexOf(10);
        index >= 0 && index < read.bytesRead;
        index = buffer.indexOf(10, index + 1)
      ) {
        lines += 1;
        end = at + index + 1;
      }
      at += read.bytesRead;
    }
    if (end < size) await this.#file?.truncate(end);
    return lines;
  }
}

const outcomeOf = ({ headers }: LogRecord): string => headers[headerNames.outcome] ?? 'unknown';

const causeOf = ({ value }: LogRecord): string =>
  /"cause":"([a-z0-9-]+)"/.exec(Buffer.from(value).toString('utf8'))?.[1] ?? 'unknown';

const newline = Buffer.from('\n');
