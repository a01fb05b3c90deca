import { decodeJournal } from '#contracts/journal-codec.ts';
import { decodeSettled } from '#contracts/settled-codec.ts';
import type { Amounts, Stamped } from '#core/journal.ts';
import { reduceJournal } from '#core/reduce-journal.ts';
import { reduceSettled } from '#core/reduce-settled.ts';
import type { SettledRecord } from '#core/settled.ts';
import { createView, type Item, type View } from '#core/view.ts';
import type { LogRecord } from '#ports/log.ts';
import { type Broker, settledPartitions } from './broker.ts';
import { accountName } from './provider-world.ts';
import type { World } from './world.ts';

/** A sealed batch as the truth remembers it, also when the view has let it go. */
export interface SealedBatch {
  bk: string;
  items: readonly Item[];
  settled: SettledRecord | null;
}

/** A place in the journal and its time. */
export interface AcceptedRecord {
  index: number;
  at: number;
}

export interface AcceptedPrime extends AcceptedRecord {
  reserve: Amounts;
  amounts: Amounts;
  /** Its reply was read. */
  isShown: boolean;
  /** Infinity in one that an earlier program might have written. */
  perHour: number;
}

/** What is so: the real reducers over everything that is committed, and a memory of what a view may forget. */
export class Truth {
  view: View = createView();
  journal: Stamped[] = [];
  settled: SettledRecord[] = [];
  readonly results: LogRecord[] = [];
  readonly sealed = new Map<string, SealedBatch>();
  /** The last accepted INTENT of each batch: only that can have become a purchase. */
  readonly intents = new Map<string, AcceptedRecord>();
  /** Every accepted PRIME, with its reserve, what it holds or spent, and whether its reply was read. */
  readonly primes = new Map<string, AcceptedPrime>();
  /** Every accepted ADJUSTED, and what it changed. */
  adjusted: { at: number; until: number; billed: number; change: number }[] = [];
  readonly answered = new Set<string>();
  readonly #world: World;
  readonly #broker: Broker;
  #settledRead: number[] = Array.from({ length: settledPartitions }, () => 0);
  #journalRead = 0;
  #resultsRead = 0;

  constructor(world: World, broker: Broker) {
    this.#world = world;
    this.#broker = broker;
  }

  /** Reads the log from its start again: some of it is gone. */
  begin(): void {
    this.view = createView();
    this.journal = [];
    this.settled = [];
    this.sealed.clear();
    this.intents.clear();
    this.primes.clear();
    this.adjusted = [];
    this.#journalRead = 0;
    this.#settledRead = this.#settledRead.map(() => 0);
  }

  /** Folds what has been committed since. */
  catchUp(): void {
    const { cluster } = this.#broker;
    const journal = cluster.committed('journal', 0);
    while (this.#journalRead < journal.length) this.#onJournal(journal[this.#journalRead++] as LogRecord);
    for (let shard = 0; shard < settledPartitions; shard++) {
      const records = cluster.committed('settled', shard);
      for (let index = this.#settledRead[shard] as number; index < records.length; index++) {
        this.#onSettled(records[index] as LogRecord);
      }
      this.#settledRead[shard] = records.length;
    }
    const results = cluster.committed('results', 0);
    for (let index = this.#resultsRead; index < results.length; index++) {
      const record = results[index] as LogRecord;
      this.results.push(record);
      this.answered.add(record.headers['flotilla-rid'] ?? '');
      this.#world.note('result', record.headers['flotilla-rid'], record.headers['flotilla-outcome']);
    }
    this.#resultsRead = results.length;
  }

  /** What went, or may have gone, to the provider: the items of every batch that ever had an INTENT. */
  *sent(): Generator<readonly Item[]> {
    const intents = new Set(this.journal.flatMap(record => (record.kind === 'INTENT' ? [record.bk] : [])));
    for (const { bk, items } of this.sealed.values())
      if (intents.has(bk)) yield items.filter(item => !item.isDuplicate);
  }

  #onJournal(record: LogRecord): void {
    const decoded = decodeJournal(record.value, record.at);
    if (decoded.kind === 'UNKNOWN') {
      this.#world.violate('books: a journal record nobody can read');
      return;
    }
    this.journal.push(decoded);
    const isNew = decoded.kind === 'SEALED' && !this.view.bks.has(decoded.bk);
    const correction = this.#correction();
    const verdict = reduceJournal(this.view, decoded);
    if (decoded.kind === 'ADJUSTED' && verdict === 'accepted')
      this.adjusted.push({ ...decoded, change: this.#correction() - correction });
    this.#world.note('journal', verdict, Buffer.from(record.value).toString());
    if (verdict === 'accepted') this.#onAccepted(decoded);
    if (!isNew) return;
    const batch = this.view.batches.get(decoded.bk);
    if (batch) this.sealed.set(decoded.bk, { bk: decoded.bk, items: batch.items, settled: null });
  }

  #correction(): number {
    const { billed, booked } = this.view.adjusted.get(accountName) ?? { billed: 0, booked: 0 };
    return billed - booked;
  }

  #onAccepted(record: Stamped): void {
    const place = { index: this.journal.length - 1, at: record.at };
    if (record.kind === 'INTENT') this.intents.set(record.bk, place);
    if (record.kind === 'PRIME') {
      const { reserve, perHour = Infinity } = record;
      this.primes.set(record.id, { ...place, reserve, amounts: reserve, perHour, isShown: false });
    }
    const prime = record.kind === 'PRIMED' ? this.primes.get(record.id) : undefined;
    if (!prime || record.kind !== 'PRIMED') return;
    prime.amounts = record.actual;
    prime.isShown = record.model !== undefined;
  }

  #onSettled(record: LogRecord): void {
    const decoded = decodeSettled(record.value);
    if ('kind' in decoded) {
      this.#world.violate('books: a settled record nobody can read');
      return;
    }
    this.settled.push(decoded);
    this.#world.note('settled', Buffer.from(record.value).toString());
    const batch = this.sealed.get(decoded.bk);
    if (!batch) this.#world.violate('books: settled without having been sealed');
    else if (batch.settled) this.#world.violate('books: batch settled twice');
    else batch.settled = decoded;
    reduceSettled(this.view, decoded);
  }
}
