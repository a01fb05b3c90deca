import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { causeOfDeadLetter, deadLetterLine } from '#contracts/dead-letter.ts';
import { headerNames } from '#core/headers.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, LogRecord } from '#ports/log.ts';
import { fileFault } from '../input/file-fault.ts';

export interface AnswersFileOptions {
  log: Log;
  run: string;
  /** `results` for the answers, `dead-letters` for the failed ones. */
  topic: 'results' | 'dead-letters';
  /** Null: nothing is written, only counted. */
  path: string | null;
  /** A lock among processes, by name; null while somebody has it. */
  acquireLock: (name: string) => { release(): void } | null;
}

/** How far the file is written, as it stands in the log's positions. */
interface Written {
  bytes: number;
  /** Lines by outcome, in a file of dead letters by cause. */
  counts: Readonly<Record<string, number>>;
  /** Of them: answers that were bought for another document. */
  reused: number;
}

/** Hash of the last bytes: whether it is still this file. */
type Position = Written & { tail: string };

const recordsPerRead = 2_000;
const tailBytes = 1_024;
const acquireTriesMax = 10;
/** A process that has just taken the lock says who it is next: on a slow machine that takes a while. */
const acquireUnnamedTriesMax = 300;
const acquireAgainMs = 100;
const nothing: Written = { bytes: 0, counts: {}, reused: 0 };

/**
 * A file as a projection of the log: one line a terminal record of the run, in the log's order. What a killed process left
 * beyond the committed position, a torn line perhaps, is cut off and written again; a file that is not ours any more is
 * written anew.
 */
export class AnswersFile {
  readonly #options: AnswersFileOptions;
  readonly #group: string;
  #file: FileHandle | null = null;
  #offset = 0;
  #written: Written = nothing;
  #lastBytes: Buffer = Buffer.alloc(0);
  #isRegular = true;
  #lock: { release(): void } | null = null;
  #isAtEnd = false;

  constructor(options: AnswersFileOptions) {
    this.#options = options;
    const { run, topic, path } = options;
    this.#group = `out.${run}.${topic}.${pathHash(path ?? '')}`;
  }

  /** Lines written so far: answers by outcome, dead letters by cause. */
  get counts(): Readonly<Record<string, number>> {
    return this.#written.counts;
  }

  get reused(): number {
    return this.#written.reused;
  }

  /** True when the last `project` found nothing new. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  get total(): number {
    return Object.values(this.#written.counts).reduce((sum, n) => sum + n, 0);
  }

  /** False while another process writes this file: answers are only counted until it has ended. */
  get isOpen(): boolean {
    return this.#options.path === null || this.#file !== null;
  }

  /**
   * Takes the file over unless another process writes it, and goes on where it ends.
   * @param options.isAnew write it from its first line on
   * @throws FlotillaError input-unreadable when it cannot be written; invalid-usage when another run writes it
   */
  async open(options: { isAnew?: boolean } = {}): Promise<void> {
    const { topic, path, log } = this.#options;
    if (path === null || this.#file) return;
    const file = await openToWrite(path);
    this.#isRegular = (await file.stat()).isFile();
    if (this.#isRegular && !(await this.#acquire(path))) return file.close();
    this.#file = file;
    [this.#offset, this.#written, this.#lastBytes, this.#isAtEnd] = [0, nothing, Buffer.alloc(0), false];
    if (!this.#isRegular) return; // a pipe or a device has no position to go on from
    const position = options.isAnew ? null : await log.position(this.#group, topic, 0);
    const written = position?.metadata ? ({ reused: 0, ...JSON.parse(position.metadata) } as Position) : null;
    const { size } = await file.stat(); // again: before the lock was ours, somebody may have written
    if (position && written && (await this.#isOurs(written, size))) {
      this.#offset = position.offset;
      this.#written = { bytes: written.bytes, counts: written.counts, reused: written.reused };
    }
    // What stands beyond the position may be torn, and is written again from the log.
    await file.truncate(this.#written.bytes);
    await this.#commit();
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
    try {
      if (file && this.#isRegular) await file.sync();
      await file?.close();
    } finally {
      this.#lock?.release();
      this.#lock = null;
    }
  }

  /** Two writers of one file would mix their lines, so only the holder of its lock writes; another run is refused. */
  async #acquire(path: string): Promise<boolean> {
    const { log, run, topic, acquireLock } = this.#options;
    const mark = { group: `writer.${pathHash(path)}`, topic, partition: 0 } as const;
    const self = `${run} ${topic}`;
    for (let attempt = 1; ; attempt++) {
      this.#lock = acquireLock(`out-${pathHash(path)}`);
      if (this.#lock) {
        await log.commitPosition({ ...mark, offset: 0, metadata: self });
        return true;
      }
      const writer = (await log.position(mark.group, mark.topic, mark.partition))?.metadata;
      if (writer === self) return false;
      const triesMax = writer === undefined ? acquireUnnamedTriesMax : acquireTriesMax;
      if (attempt >= triesMax) throw heldByAnother(path, writer);
      await sleep(acquireAgainMs); // the holder may not have said yet who it is
    }
  }

  /** The file may have been replaced meanwhile, by a person or by another run: its last bytes tell. */
  async #isOurs({ bytes, tail }: Position, size: number): Promise<boolean> {
    if (size < bytes) return false;
    const buffer = Buffer.alloc(Math.min(tailBytes, bytes));
    if (buffer.length > 0) await this.#file?.read(buffer, 0, buffer.length, bytes - buffer.length);
    if (hash('sha256', buffer) !== tail) return false;
    this.#lastBytes = buffer;
    return true;
  }

  async #write(records: readonly LogRecord[]): Promise<void> {
    const parts: Uint8Array[] = [];
    const counts = { ...this.#written.counts };
    let { reused } = this.#written;
    for (const record of records) {
      const isResult = this.#options.topic === 'results';
      const word = isResult ? outcomeOf(record) : (causeOfDeadLetter(record) ?? 'unknown');
      counts[word] = (counts[word] ?? 0) + 1;
      if (isResult && headerNames.reusedFrom in record.headers) reused += 1;
      parts.push(isResult ? record.value : Buffer.from(deadLetterLine(record)), newline);
    }
    const lines = Buffer.concat(parts);
    await this.#file?.appendFile(lines);
    this.#lastBytes = Buffer.concat([this.#lastBytes, lines.subarray(-tailBytes)]).subarray(-tailBytes);
    this.#written = { bytes: this.#written.bytes + lines.length, counts, reused };
  }

  /** After the bytes: dying before it, the next start cuts them off and writes them again. */
  async #commit(): Promise<void> {
    const { log, topic } = this.#options;
    if (!this.#file || !this.#isRegular) return;
    const metadata = JSON.stringify({ ...this.#written, tail: hash('sha256', this.#lastBytes) } satisfies Position);
    await log.commitPosition({ group: this.#group, topic, partition: 0, offset: this.#offset, metadata });
  }
}

function heldByAnother(path: string, writer: string | undefined): FlotillaError {
  const why = `another process writes it${writer === undefined ? '' : `: ${writer}`}`;
  return new FlotillaError('invalid-usage', { where: path, why, fix: 'give --out and --dead-letters other names' });
}

const pathHash = (path: string): string => hash('sha256', resolve(path)).slice(0, 12);

const openToWrite = (path: string): Promise<FileHandle> =>
  open(path, 'a+').catch((cause: unknown) => {
    throw new FlotillaError('input-unreadable', {
      where: path,
      why: `it cannot be written: ${fileFault(cause)}`,
      cause,
    });
  });

const outcomeOf = ({ headers }: LogRecord): string => headers[headerNames.outcome] ?? 'unknown';

const newline = Buffer.from('\n');
