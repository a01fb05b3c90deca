import type { DatabaseSync } from 'node:sqlite';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { toLogError } from './to-log-error.ts';

/** Writes of one tick beyond this go into the next transaction: the write lock is not held for longer. */
const groupBytesMax = 32 * 1024 * 1024;
/** Lazy writes beyond this are written although nothing else is. */
const lazyMax = 1_000;

interface Write {
  run(): unknown;
  sizeBytes: number;
  committed?: (() => void) | undefined;
  resolve(value: unknown): void;
  reject(error: FlotillaError): void;
  state: { result: unknown } | { error: FlotillaError } | null;
}

export interface WriteOptions<T> {
  /**
   * Runs inside the transaction. It may refuse with a FlotillaError as long as it has written nothing: that fails this
   * write alone. Any other error fails the whole group.
   */
  run: () => T;
  sizeBytes?: number;
  /** Runs right after the commit, before anybody is told. */
  committed?: () => void;
}

/**
 * Writes asked for in one turn of the event loop go into one transaction, so they share one fsync. Each is told after
 * COMMIT; dying before it leaves nothing of the group, dying after it all of it.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #began: () => void;
  readonly #ended: () => void;
  #queue: Write[] = [];
  #lazy: (() => void)[] = [];
  #immediate: NodeJS.Immediate | null = null;
  #isClosed = false;

  constructor(options: { db: DatabaseSync; path: string; began: () => void; ended: () => void }) {
    this.#db = options.db;
    this.#path = options.path;
    this.#began = options.began;
    this.#ended = options.ended;
  }

  /** @throws FlotillaError log-unavailable | disk-full, and what `run` refuses with */
  write<T>({ run, sizeBytes = 0, committed }: WriteOptions<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#isClosed) return reject(new FlotillaError('log-unavailable', { why: 'the log is closed' }));
      this.#queue.push({
        run,
        sizeBytes,
        committed,
        resolve: resolve as (value: unknown) => void,
        reject,
        state: null,
      });
      this.#schedule();
    });
  }

  /** Written with the next write, or at close. Dying before that loses it. */
  writeLazily(run: () => void): void {
    if (this.#isClosed) return;
    this.#lazy.push(run);
    if (this.#lazy.length >= lazyMax) this.#schedule();
  }

  /** Writes what is waiting; whatever comes later is refused. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    do this.#flush();
    while (this.#queue.length > 0);
  }

  #schedule(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = null;
      this.#flush();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const group = this.#takeGroup();
    const lazy = this.#lazy;
    if (group.length === 0 && lazy.length === 0) return;
    this.#lazy = [];
    try {
      this.#commit(group, lazy);
    } catch (error) {
      this.#rollback();
      if (!this.#isClosed) this.#lazy = [...lazy, ...this.#lazy];
      const failure = toLogError(error, this.#path);
      for (const write of group) write.reject(failure);
      return;
    }
    for (const { state, committed } of group) if (state !== null && 'result' in state) committed?.();
    this.#ended();
    for (const { state, resolve, reject } of group) {
      if (state !== null && 'error' in state) reject(state.error);
      else resolve(state?.result);
    }
  }

  #takeGroup(): Write[] {
    let sizeBytes = 0;
    let length = 0;
    while (length < this.#queue.length && (length === 0 || sizeBytes < groupBytesMax)) {
      sizeBytes += this.#queue[length]!.sizeBytes;
      length += 1;
    }
    return this.#queue.splice(0, length);
  }

  #commit(group: readonly Write[], lazy: readonly (() => void)[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    this.#began();
    for (const write of group) {
      try {
        write.state = { result: write.run() };
      } catch (error) {
        if (!(error instanceof FlotillaError)) throw error;
        write.state = { error };
      }
    }
    for (const run of lazy) run();
    this.#db.exec('COMMIT');
  }

  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself: a full disk does that
    }
  }
}
