import { FlotillaError } from '#errors/flotilla-error.ts';
import type { GroupWriter, LogWrite, LogWritten } from './log-write.ts';
import { toLogError } from './to-log-error.ts';

/** Writes of one group beyond this go into the next transaction: the write lock is not held for longer. */
const groupBytesMax = 32 * 1024 * 1024;

interface Waiting {
  write: LogWrite;
  sizeBytes: number;
  committed: ((written: LogWritten) => void) | undefined;
  caller: { resolve(written: LogWritten): void; reject(error: FlotillaError): void };
}

export interface WriteOptions {
  sizeBytes?: number;
  /** Runs right after the commit, before anybody is told. */
  committed?: (written: LogWritten) => void;
}

/**
 * Writes asked for in one turn of the event loop, or while another group is being written, go into one transaction, so
 * they share one fsync. Each is told after COMMIT; dying before it leaves nothing of the group, dying after it all of it.
 */
export class GroupCommit {
  readonly #writer: GroupWriter;
  readonly #path: string;
  readonly #ended: () => void;
  #queue: Waiting[] = [];
  #immediate: NodeJS.Immediate | null = null;
  /** The group that is being written. */
  #writing: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: { writer: GroupWriter; path: string; ended: () => void }) {
    this.#writer = options.writer;
    this.#path = options.path;
    this.#ended = options.ended;
  }

  /** @throws FlotillaError log-unavailable | disk-full */
  write(write: LogWrite, { sizeBytes = 0, committed }: WriteOptions = {}): Promise<LogWritten> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new FlotillaError('log-unavailable', { why: 'the log is closed' }));
      this.#queue.push({ write, sizeBytes, committed, caller: { resolve, reject } });
      this.#schedule();
    });
  }

  /** Writes what is waiting; whatever comes later is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
    do await (this.#writing ?? this.#writeGroup());
    while (this.#queue.length > 0 || this.#writing !== null);
  }

  /** Not at once: whoever writes now, or was just told, may have more to write. */
  #schedule(): void {
    if (this.#writing !== null || this.#isClosed || this.#queue.length === 0) return;
    this.#immediate ??= setImmediate(() => {
      this.#immediate = null;
      void this.#writeGroup();
    });
  }

  #writeGroup(): Promise<void> {
    const group = this.#takeGroup();
    if (group.length === 0) return Promise.resolve();
    this.#writing = this.#perform(group).finally(() => {
      this.#writing = null;
      this.#schedule();
    });
    return this.#writing;
  }

  async #perform(group: readonly Waiting[]): Promise<void> {
    try {
      const written = await this.#writer.write(group.map(({ write }) => write));
      for (const [index, { committed }] of group.entries()) committed?.(written[index]!);
      this.#ended();
      for (const [index, { caller }] of group.entries()) caller.resolve(written[index]!);
    } catch (error) {
      const failure = toLogError(error, this.#path);
      for (const { caller } of group) caller.reject(failure);
    }
  }

  #takeGroup(): Waiting[] {
    let sizeBytes = 0;
    let length = 0;
    while (length < this.#queue.length && (length === 0 || sizeBytes < groupBytesMax)) {
      sizeBytes += this.#queue[length]!.sizeBytes;
      length += 1;
    }
    return this.#queue.splice(0, length);
  }
}
