import { decodeJournal, encodeJournal } from '#contracts/journal-codec.ts';
import { decodeSettled } from '#contracts/settled-codec.ts';
import type { JournalRecord } from '#core/journal.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import { createView, type View } from '#core/view.ts';
import type { Log } from '#ports/log.ts';

const recordsPerRead = 1_000;
const noHeaders = {};

/** Where a view begins that was folded before: the view of a snapshot, and how far it had read. */
export interface ViewStart {
  view: View;
  journalOffset: number;
  settledOffsets: readonly number[];
}

/**
 * A worker's view: the journal and settled, folded as far as it has read. Calls may overlap; each returns only after a
 * read that began after it was called.
 */
export class ViewFollower {
  readonly view: View;
  readonly #log: Log;
  #journalOffset: number;
  readonly #settledOffsets: number[];
  readonly #journalTurns = createTurns(() => this.#readJournal());
  readonly #settledTurns: (() => Promise<void>)[];

  /** @param start absent or null: the log is folded from its start */
  constructor(log: Log, start: ViewStart | null = null) {
    this.#log = log;
    this.view = start?.view ?? createView();
    this.#journalOffset = start?.journalOffset ?? 0;
    const shards = Array.from({ length: log.partitions('settled') });
    this.#settledOffsets = shards.map((_, shard) => start?.settledOffsets[shard] ?? 0);
    this.#settledTurns = this.#settledOffsets.map((_, shard) => createTurns(() => this.#readSettled(shard)));
  }

  /** Folds the journal to its end. */
  catchUp(): Promise<void> {
    return this.#journalTurns();
  }

  /** Folds settled and the journal to their ends. Settled first, so that what it names is known when the journal is read. */
  async catchUpAll(): Promise<void> {
    await Promise.all(this.#settledTurns.map(turn => turn()));
    await this.catchUp();
  }

  /** Folds one settled partition at least up to `offset`: how a fence's holder learns what was settled before it. */
  async catchUpSettled(shard: number, offset: number): Promise<void> {
    for (;;) {
      await (this.#settledTurns[shard] as () => Promise<void>)();
      const from = this.#settledOffsets[shard] as number;
      if (from >= offset) return;
      // The rest is still hidden behind an open transaction; its end makes it readable.
      await this.#log.waitForMore([{ topic: 'settled', partition: shard, from }], 200);
    }
  }

  /**
   * Appends to the journal, all or nothing. What became of it is learnt by `catchUp`, never from here.
   * @throws FlotillaError log-unavailable | disk-full: it may have landed
   */
  async append(...records: readonly JournalRecord[]): Promise<void> {
    await this.#log.append({
      topic: 'journal',
      partition: 0,
      records: records.map(record => ({
        key: 'bk' in record ? record.bk : null,
        value: encodeJournal(record),
        headers: noHeaders,
      })),
    });
  }

  get positions(): { journalOffset: number; settledOffsets: number[] } {
    return { journalOffset: this.#journalOffset, settledOffsets: [...this.#settledOffsets] };
  }

  async #readJournal(): Promise<void> {
    for (;;) {
      const query = { topic: 'journal', partition: 0, from: this.#journalOffset, recordsMax: recordsPerRead } as const;
      const { records, nextOffset, isAtEnd } = await this.#log.read(query);
      for (const record of records) {
        const decoded = decodeJournal(record.value, record.at);
        if (decoded.kind === 'UNKNOWN') this.view.unknown ??= { what: decoded.what };
        else reduceJournal(this.view, decoded);
      }
      this.#journalOffset = nextOffset;
      if (isAtEnd) return;
    }
  }

  async #readSettled(shard: number): Promise<void> {
    for (;;) {
      const from = this.#settledOffsets[shard] as number;
      const query = { topic: 'settled', partition: shard, from, recordsMax: recordsPerRead } as const;
      const { records, nextOffset, isAtEnd } = await this.#log.read(query);
      for (const record of records) {
        const decoded = decodeSettled(record.value);
        if ('kind' in decoded) this.view.unknown ??= { what: decoded.what };
        else reduceSettled(this.view, decoded);
      }
      this.#settledOffsets[shard] = nextOffset;
      if (isAtEnd) return;
    }
  }
}

/** Runs `act` one at a time; callers that come while one runs share the next run, which begins after they came. */
function createTurns(act: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const start = (): Promise<void> => {
    const run = act().finally(() => {
      running = null;
    });
    running = run;
    return run;
  };
  return () => {
    // Between the end of one run and the start of the next nothing runs, and yet nobody else may start.
    if (next) return next;
    if (!running) return start();
    next = running
      .catch(() => {}) // its own callers have been told
      .then(() => {
        next = null;
        return start();
      });
    return next;
  };
}
